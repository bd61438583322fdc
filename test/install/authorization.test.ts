import { describe, expect, it } from 'vitest';
import { authorizationFailure } from '../../src/install/authorization.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES, recordedOutput } from '../support/fixtures.ts';

function failureOf(stderr: string) {
  return authorizationFailure({ status: 1, stdout: '', stderr });
}

describe.skipIf(!HAS_FIXTURES)(`recorded answers of osascript${NEEDS_FIXTURES}`, () => {
  it.each([
    ['osascript__user-canceled.txt', -128, /^You did not allow/],
    ['osascript__admin-password-incorrect.txt', -60007, /^No administrator could agree/],
    ['osascript__no-user-interaction.txt', -1713, /^Nobody could be asked/],
    ['osascript__not-authorized-apple-events.txt', -1743, /^The update could not be installed/],
  ])('%s', (recording, number, message) => {
    const { code, details, message: told } = failureOf(recordedOutput(recording));
    expect({ code, number: details['number'], told }).toEqual({
      code: 'authorization-denied',
      number,
      told: expect.stringMatching(message),
    });
  });
});

describe('a refusal', () => {
  it('is recognised by its number, in any language', () => {
    expect(failureOf('0:116: execution error: Se canceló la acción. (-128)\n')).toMatchObject({
      code: 'authorization-denied',
      message: expect.stringContaining('You did not allow'),
    });
  });

  it('of the root script keeps its code and its sentence', () => {
    const text = 'nexy-updater: requirement-mismatch: The update is signed by somebody else (than us).';
    expect(failureOf(`0:116: execution error: ${text} (10)\n`)).toMatchObject({
      code: 'requirement-mismatch',
      message: 'The update is signed by somebody else (than us). Nothing was changed.',
    });
  });

  it('of the root script says what to do where there is something to do', () => {
    expect(failureOf('nexy-updater: target-in-use: /Applications/Nexy.app is running.').message).toBe(
      '/Applications/Nexy.app is running. Nothing was changed. Quit it and try again.',
    );
  });

  it('with a code that is none is not taken for one', () => {
    expect(failureOf('0:1: execution error: nexy-updater: rm-everything: Yes. (10)')).toMatchObject({
      code: 'authorization-denied',
      message: expect.stringContaining('could not be installed with the rights of an administrator'),
    });
  });

  it('that says nothing is still one', () => {
    expect(authorizationFailure({ status: 1, stdout: '', stderr: '' })).toMatchObject({
      code: 'authorization-denied',
      details: { number: 0 },
    });
  });
});
