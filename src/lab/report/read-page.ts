import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundlePage, type PageParts } from './bundle-page.ts';

/** Beside this file in dist, where `npm run build` put it. */
const BUILT = join(import.meta.dirname, 'page');

/**
 * The report's page as it was built; where this runs from the sources, as they are now.
 *
 * @throws UpdateError `usage` when it was not built and cannot be
 */
export async function readPage(): Promise<PageParts> {
  try {
    const [script, style] = await Promise.all([
      readFile(join(BUILT, 'page.js'), 'utf8'),
      readFile(join(BUILT, 'page.css'), 'utf8'),
    ]);
    return { script, style };
  } catch {
    return await bundlePage();
  }
}
