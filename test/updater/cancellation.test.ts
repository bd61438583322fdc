import { CancellationToken } from 'builder-util-runtime';
import { describe, expect, it } from 'vitest';
import { follow, makeCancellationToken } from '../../src/updater/cancellation.ts';

describe.each([
  ["electron-updater's token", () => new CancellationToken()],
  ['ours', makeCancellationToken],
])('%s', (_, make) => {
  it('is cancelled once it is told, and those who asked hear it', async () => {
    const token = make();
    expect(token.cancelled).toBe(false);
    const work = token.createPromise<void>((_resolve, _reject, onCancel) => onCancel(() => stopped.push(1)));
    const stopped: number[] = [];
    token.cancel();
    await expect(work).rejects.toThrow('cancelled');
    expect(stopped).toEqual([1]);
    expect(token.cancelled).toBe(true);
    await expect(token.createPromise<void>((resolve) => resolve())).rejects.toThrow('cancelled');
    expect(token.listenerCount('cancel')).toBe(0);
  });

  it('gives the result of work that was not cancelled, or its failure', async () => {
    const token = make();
    expect(await token.createPromise<number>((resolve) => resolve(1))).toBe(1);
    await expect(token.createPromise<void>((_, reject) => reject(new Error('no')))).rejects.toThrow('no');
    expect(token.listenerCount('cancel')).toBe(0);
  });

  it('follows a parent, whoever made that', () => {
    for (const parent of [new CancellationToken(), makeCancellationToken()]) {
      const token = make();
      token.parent = parent;
      parent.cancel();
      expect(token.cancelled).toBe(true);
      token.dispose();
    }
  });

  it('stops what follows it, until that has ended', () => {
    const token = make();
    const [ended, running] = [new AbortController(), new AbortController()];
    const stop = follow(token, ended);
    follow(token, running);
    stop();
    token.cancel();
    expect([ended.signal.aborted, running.signal.aborted]).toEqual([false, true]);
    const late = new AbortController();
    follow(token, late);
    expect(late.signal.aborted).toBe(true);
  });
});

describe('a signal', () => {
  it('stops what follows it, until that has ended', () => {
    const source = new AbortController();
    const [ended, running] = [new AbortController(), new AbortController()];
    follow(source.signal, ended)();
    follow(source.signal, running);
    source.abort();
    expect([ended.signal.aborted, running.signal.aborted]).toEqual([false, true]);
    const late = new AbortController();
    follow(source.signal, late);
    expect(late.signal.aborted).toBe(true);
  });
});
