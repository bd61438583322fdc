/** The repository that releases come from in tests: the configured one. */
export const PRODUCTION = 'Seregawpn/Nexy_production';
