/** Names the team that has signed an app of the lab: stands for its signature. */
export const SEAL_FILE = 'Contents/_CodeSignature/team';
/** The team of all builds. */
export const TEAM = 'NEXYLAB001';
