import { SECURITY_HEADERS } from './security-headers.ts';
import { CACHE_CONTROL, type SiteDocument } from './site.ts';

/** A file beside the answers, for the host that serves them. */
export interface HostFile {
  readonly path: string;
  readonly text: string;
}

/** Where the site lies: at the root and, as clients in the field know it, below `updates/`. */
export const PREFIXES = ['', 'updates/'] as const;

/** The file that an answer becomes. */
export function filePath(document: Pick<SiteDocument, 'path'>): string {
  return document.path === '' ? 'index.html' : document.path;
}

/**
 * What static hosts need beside the answers themselves: `_headers` (Netlify, Cloudflare Pages and others that read
 * that format) gives every file the headers that the server would; `404.html` is what most hosts answer with when there
 * is no such file; `.nojekyll` keeps GitHub Pages from running the files through Jekyll. A host that reads no
 * `_headers` still serves the same bytes; there `health` and `api/` come without a JSON content type.
 */
export function makeHostFiles(
  documents: readonly SiteDocument[],
  hasDownloads: boolean,
): readonly HostFile[] {
  return [
    { path: '_headers', text: makeHeaders(documents, hasDownloads) },
    { path: '404.html', text: NOT_FOUND_PAGE },
    { path: '.nojekyll', text: '' },
  ];
}

function makeHeaders(documents: readonly SiteDocument[], hasDownloads: boolean): string {
  const everywhere = Object.entries(SECURITY_HEADERS).map(([name, value]) => `  ${name}: ${value}`);
  const rules = documents
    .filter(({ path }) => !path.startsWith('manifests/'))
    .map(({ path, contentType, cacheControl }) => ({ path, contentType, cacheControl }));
  // One rule for all archive copies: hosts limit how many there may be (Cloudflare Pages: 100).
  const archive = documents.find(({ path }) => path.startsWith('manifests/'));
  if (archive !== undefined) rules.push({ ...archive, path: 'manifests/*' });
  const lines = PREFIXES.flatMap((prefix) => [
    ...rules.flatMap(({ path, contentType, cacheControl }) => [
      `/${prefix}${path}`,
      `  content-type: ${contentType}`,
      `  cache-control: ${cacheControl}`,
    ]),
    ...(hasDownloads ? [`/${prefix}downloads/*`, `  cache-control: ${CACHE_CONTROL.revalidate}`] : []),
  ]);
  return `${['/*', ...everywhere, ...lines].join('\n')}\n`;
}

const NOT_FOUND_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not found</title>
</head>
<body>
<main>
<h1>Not found</h1>
<p>There is nothing at this address. <a href="/">What is offered</a></p>
</main>
</body>
</html>
`;
