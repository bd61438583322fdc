/** What an app's main does in its first lines, for apps whose program is a script. */
import { runUpdaterArguments } from '../../src/updater-arguments.ts';

process.exitCode = (await runUpdaterArguments(process.argv)) ?? 64;
