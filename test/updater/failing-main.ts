import { NexyUpdater, type UpdaterOptions } from '../../src/updater.ts';
import { type OracleOptions, OracleUpdater } from './oracle-updater.ts';

// A process that listens to `error` and to nothing else, as many do: node failing-main.ts <options as JSON>.
// Prints the errors that it was told of. Its exit status says whether it came to its end.

const [, , text = ''] = process.argv;
const { theirs, ours } = JSON.parse(text) as { theirs?: OracleOptions; ours?: UpdaterOptions };
const updater = theirs === undefined ? new NexyUpdater(ours as UpdaterOptions) : new OracleUpdater(theirs);
updater.logger = null;
const ended = new Promise<void>((resolve) => {
  const tell = (error: Error): void => {
    console.log(error.message.split('\n')[0]);
    setImmediate(resolve);
  };
  // Each of the two as its own type: the listeners are the same.
  if (updater instanceof NexyUpdater) updater.on('error', tell);
  else updater.on('error', tell);
});
updater.checkForUpdates();
await ended;
// Whoever ended this process on the way out has done so by now.
await new Promise((resolve) => setImmediate(resolve));
console.log('still here');
