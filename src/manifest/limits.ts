/** Real manifests are below 1 KiB; the largest with notes and two artifacts stays far below this. */
export const MAXIMUM_MANIFEST_BYTES = 256 * 1024;

/** The largest artifact that is accepted: 4 GiB. */
export const MAXIMUM_ARTIFACT_BYTES = 4 * 1024 ** 3;
