import { statSync } from 'node:fs';

/** Polls a path until standard input ends, then prints how often it looked and how often nothing was there. */
const [app = ''] = process.argv.slice(2);
let polls = 0;
let missed = 0;
let isEnding = false;

process.stdin.on('end', () => {
  isEnding = true;
});
process.stdin.resume();
process.stdout.write('watching\n');

function poll(): void {
  for (let turn = 0; turn < 200; turn += 1) {
    polls += 1;
    if (statSync(app, { throwIfNoEntry: false }) === undefined) missed += 1;
  }
  // A short pause leaves the processor to the updates that are watched.
  if (isEnding) process.stdout.write(`${JSON.stringify({ polls, missed })}\n`);
  else setTimeout(poll, 1);
}
poll();
