import { expect, test } from 'vitest';
import { UpdateError } from '../../../src/errors.ts';
import { endCheck, runCheck } from '../../../src/lab/clients/run-check.ts';

const RESULT = { action: 'none', reason: 'up-to-date', message: 'Nothing is newer.' } as const;

test('a check comes to what it returns, or to what it was ended with', async () => {
  expect(await runCheck(async () => RESULT)).toEqual(RESULT);
  const ended = runCheck(() => Promise.reject(endCheck('held', 'rollout', 'Not yet.')));
  expect(await ended).toEqual({ action: 'held', reason: 'rollout', message: 'Not yet.' });
});

test('an error of ours is a failed check; any other is a fault of the lab', async () => {
  const error = new UpdateError('download-failed', 'No answer.');
  expect(await runCheck(() => Promise.reject(error))).toEqual({
    action: 'failed',
    reason: 'download-failed',
    message: 'No answer.',
  });
  await expect(runCheck(() => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
});
