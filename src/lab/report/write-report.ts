import { createHash } from 'node:crypto';
import { disarm } from '../../quote.ts';
import type { LabReport } from './lab-report.ts';
import { shareValues } from './page/share-values.ts';
import { readPage } from './read-page.ts';

/**
 * The report as one HTML page that needs nothing else: no file beside it, no network.
 *
 * @returns the page, to be written as UTF-8
 * @throws UpdateError `usage` when the page was not built and cannot be (see `readPage`)
 */
export async function writeReport(report: LabReport): Promise<string> {
  const { script, style } = await readPage();
  // A digest for each: nothing else runs or is applied, and nothing is fetched at all. Data is neither.
  const policy = [
    "default-src 'none'",
    `script-src '${digestOf(script)}'`,
    `style-src '${digestOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Nexy migration lab</title>
<style>${style}</style>
</head>
<body>
<noscript><p>This report is shown by a script in this page, which your browser does not run. The same data: nexy-updater lab --json</p></noscript>
<script type="application/json" id="report">${embed(report)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function digestOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** JSON that cannot end its element, and holds nothing that would be acted on instead of shown. */
function embed(report: LabReport): string {
  return JSON.stringify(shareValues(report, disarm)).replaceAll('<', '\\u003c');
}
