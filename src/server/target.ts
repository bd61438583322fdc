/** What a request is for. Nothing is decoded: our own addresses need no escaping, and what is escaped is none of ours. */
export interface Target {
  /** Relative to the site's root, without a leading slash; null for what cannot be one of ours. */
  readonly path: string | null;
  /** For the log: without the query, which may hold what is nobody's business. */
  readonly shown: string;
  /** Whether it is the prefix itself without its last slash, so that the page's relative links would miss. */
  readonly needsSlash: boolean;
}

/** The site lies at the root and, as clients in the field know it, below this. */
const PREFIX = '/updates';

const LONGEST_SHOWN = 200;

/** @param url the request line's target: a path, or a whole address (RFC 9112, 3.2.2) */
export function readTarget(url: string): Target {
  const full = url.replace(/^https?:\/\/[^/?#]*/i, '');
  const end = full.search(/[?#]/);
  const path = end === -1 ? full : full.slice(0, end);
  const shown = path.slice(0, LONGEST_SHOWN);
  if (path === PREFIX) return { path: '', shown, needsSlash: true };
  const inside = path.startsWith(`${PREFIX}/`) ? path.slice(PREFIX.length) : path;
  return { path: inside.startsWith('/') ? inside.slice(1) : null, shown, needsSlash: false };
}
