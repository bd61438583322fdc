import { join } from 'node:path';
import { UpdateError } from '../../errors.ts';
import { collectLicenses } from './collect-licenses.ts';

/** What the report's page is made of, each to stand in the page itself. */
export interface PageParts {
  readonly script: string;
  readonly style: string;
}

const ROOT = join(import.meta.dirname, '..', '..', '..');
const SOURCE = join(ROOT, 'src', 'lab', 'report', 'page');

/**
 * Bundles the report's page. `npm run build` does it for dist; whoever runs the sources gets it from here each time.
 *
 * @throws UpdateError `usage` when the bundler is not installed
 */
export async function bundlePage(): Promise<PageParts> {
  const { build } = await importBundler();
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(SOURCE, 'page.tsx'), join(SOURCE, 'page.css')],
    outdir: SOURCE,
    bundle: true,
    format: 'iife',
    // The oldest browsers with light-dark().
    target: ['chrome123', 'safari17.5', 'firefox120'],
    // It would be written out for older ones.
    supported: { nesting: true },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const textOf = (ending: string): string =>
    outputFiles.find(({ path }) => path.endsWith(ending))?.text.trim() ?? '';
  const licenses = await collectLicenses(ROOT, Object.keys(metafile.inputs));
  return { script: `/*\n${licenses.trim()}\n*/\n${textOf('.js')}`, style: textOf('.css') };
}

async function importBundler(): Promise<typeof import('esbuild')> {
  try {
    return await import('esbuild');
  } catch (error) {
    const message =
      "The report's page has not been built, and esbuild, which would do it, is not installed. Run npm install.";
    throw new UpdateError('usage', message, { cause: error });
  }
}
