import { describe, expect, it } from 'vitest';
import { choose, chooseOne } from '../../../src/cli/lab/choose.ts';
import { UpdateError } from '../../../src/errors.ts';

const CLIENTS = ['ours', 'ours-on-macos-11', 'integer-build', 'integer-build-with-key', 'appcast'].map(
  (name) => ({
    name,
  }),
);

describe('what is chosen by name', () => {
  it('is everything where nothing was named', () => {
    expect(choose('client', [], CLIENTS)).toBe(CLIENTS);
  });

  it('comes in the order of the list, once', () => {
    const chosen = choose('client', ['appcast', 'ours', 'appcast'], CLIENTS);
    expect(chosen.map(({ name }) => name)).toEqual(['ours', 'appcast']);
  });

  it('is the very one, not one that begins like it', () => {
    expect(chooseOne('client', 'ours', CLIENTS)).toEqual({ name: 'ours' });
  });
});

describe('a name that nothing has', () => {
  it.each([
    ['integer-biuld', 'integer-build'],
    ['Appcasts', 'appcast'],
    ['ours-macos-11', 'ours-on-macos-11'],
  ])('such as %s is refused with the nearest first', (typed, nearest) => {
    const error = catchError(() => chooseOne('client', typed, CLIENTS));
    expect(error.code).toBe('usage');
    expect(error.details['near']).toContain(nearest);
    expect(error.message).toMatch(new RegExp(`^There is no client "${typed}"\\. Near to it: ${nearest}`));
  });

  it('and is like none gets no suggestion', () => {
    const error = catchError(() => choose('client', ['xyz'], CLIENTS));
    expect(error.message).toBe('There is no client "xyz". All of them: nexy-updater lab --list.');
  });
});

function catchError(run: () => unknown): UpdateError {
  try {
    run();
  } catch (error) {
    if (error instanceof UpdateError) return error;
  }
  throw new Error('It was not refused.');
}
