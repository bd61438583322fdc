import { expect, it } from 'vitest';
import { publishKilledAfter } from '../support/killed-push.ts';

it('a publication with --push that is killed after any call that writes, or program that ran, is finished by the next', async () => {
  for (let killAfter = 1; ; killAfter += 1) {
    if (await publishKilledAfter(killAfter)) continue;
    // Fetch, status, comparison, commit, push, two files, branch: all of them were reached.
    expect(killAfter).toBeGreaterThan(25);
    process.stdout.write(`Killed at ${killAfter - 1} points.\n`);
    return;
  }
});
