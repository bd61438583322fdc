import type { StartUpdatesOptions } from '../../src/electron/settings.ts';
import { startUpdates } from '../../src/electron/start-updates.ts';
import { StandInElectron } from '../electron/stand-in.ts';

// An app with startUpdates in a process of its own:
// node client-child.ts <userData> <options as JSON> [--quit-when-ready | --restart-when-ready].
// Prints the kind of every view, one a line, and ends as the app does; without the last argument, when it is told to.

const [, , userData = '', options = '{}'] = process.argv;
const electron = new StandInElectron();
electron.userData = userData;
electron.app.exit = (status = 0) => process.exit(status);
electron.app.on('quit', () => process.exit(0));
const updates = await startUpdates(JSON.parse(options) as StartUpdatesOptions, {
  electron: async () => electron.module(),
  platform: 'darwin',
});
const tell = (): void => {
  const { kind } = updates?.model.view ?? { kind: 'idle' };
  console.log(kind);
  if (kind === 'ready' && process.argv.includes('--quit-when-ready')) electron.app.quit();
  if (kind === 'ready' && process.argv.includes('--restart-when-ready')) updates?.restart();
};
updates?.onChange(tell);
tell();
// Polling alone keeps no process alive.
process.stdin.resume();
process.stdin.on('end', () => electron.app.quit());
