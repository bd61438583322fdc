import { runProgram } from './run-program.ts';
import { exportCommand } from './server/export.ts';
import { serveCommand } from './server/serve.ts';

const EXAMPLES = `
Examples:
  Serve a folder of manifests:
    $ nexy-update-server serve --manifests manifests/ --downloads downloads/
  Make the same site as files, for a CDN:
    $ nexy-update-server export --manifests manifests/ --out site/

Exit status: 0 done; 1 failed; 2 wrong usage.`;

process.exitCode = await runProgram(process.argv.slice(2), {
  name: 'nexy-update-server',
  description:
    'Serves update manifests and appcasts, as a server or as a static site, and never changes them.',
  examples: EXAMPLES,
  commands: [serveCommand(), exportCommand()],
  unforeseen: { code: 'server-failed', consequence: 'Neither manifests nor downloads were changed.' },
});
