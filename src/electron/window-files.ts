import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/**
 * Where the window's page seems to lie. The window's own session answers https by itself, for this host and from this
 * app's files alone, so the page has an origin of its own without file: (Electron's security checklist, item 18), and
 * without a scheme that would have to be registered before the app is ready. The name can never exist (RFC 2606).
 */
export const WINDOW_ORIGIN = 'https://nexy-updates.invalid';
export const WINDOW_URL = `${WINDOW_ORIGIN}/index.html`;

/** No network, no frames, no plug-ins, nothing inline, nothing that a string becomes. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** A file of the page: one name, without a folder and without a dot in front. */
const NAME = /^\/([a-z0-9][a-z0-9.-]*)$/i;

/** Whether an address is the window's page. */
export function isWindowUrl(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.origin === WINDOW_ORIGIN && url.pathname === '/index.html';
}

/** Answers the window's requests from a folder, and everything else with 404. */
export function serveWindow(folder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const { origin, pathname } = new URL(request.url);
    const name = NAME.exec(pathname)?.[1];
    const type = TYPES[extname(name ?? '')];
    if (request.method !== 'GET' || origin !== WINDOW_ORIGIN || name === undefined || type === undefined) {
      return notFound();
    }
    const bytes = await readFile(join(folder, name)).catch(() => null);
    if (bytes === null) return notFound();
    return new Response(Uint8Array.from(bytes), {
      headers: {
        'content-type': type,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
      },
    });
  };
}

function notFound(): Response {
  return new Response(null, { status: 404 });
}
