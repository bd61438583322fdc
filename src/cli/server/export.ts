import { resolve } from 'node:path';
import { Command } from 'commander';
import { interruptSignal } from '../interrupt.ts';
import { type JsonOption, withJson } from '../options.ts';
import { openTerminal } from '../terminal.ts';
import { readSources, type SourceOptions, withSourceOptions } from './sources.ts';

interface ExportCommandOptions extends SourceOptions, JsonOption {
  readonly out: string;
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('writes what the server would answer as files, for GitHub Pages, a bucket or any CDN')
    .requiredOption('--out <folder>', 'the folder that becomes the site; an earlier export there is replaced')
    .addHelpText(
      'after',
      `
The same bytes lie at the same paths, at the root and below updates/. The folder is replaced in one step. A manifest
that is rejected stops the export, so that the last good one stays. _headers tells hosts that read it (Netlify,
Cloudflare Pages) which headers the server would send; 404.html is for all of them.

Example:
  $ nexy-update-server export --manifests manifests/ --out site/`,
    )
    .action(runExport);
  return withJson(withSourceOptions(command));
}

async function runExport(options: ExportCommandOptions): Promise<void> {
  const signal = interruptSignal();
  const { exportSite } = await import('../../server/export-site.ts');
  const terminal = openTerminal(options.json);
  const sources = await readSources(options);
  const outFolder = resolve(options.out);
  const outcome = await exportSite({
    ...sources,
    outFolder,
    signal,
    tell: (level, text) => {
      if (level === 'warn') terminal.warn(text);
    },
  });
  terminal.result({ out: outFolder, ...outcome });
  terminal.say(`Wrote ${outcome.files.length} files to ${outFolder}.`);
}
