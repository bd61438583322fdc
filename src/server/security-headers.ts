import { STYLE_SOURCE } from './status-page.ts';

/** No scripts, no pictures, nothing from elsewhere: the page's own style, known by its digest, and that is all. */
export const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src ${STYLE_SOURCE}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/**
 * What every answer carries. One table for the server and for the `_headers` file of the export. No
 * Strict-Transport-Security: that promise is for whoever ends TLS in front of this server.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'cross-origin',
};
