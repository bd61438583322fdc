import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Polling, startPolling } from '../src/polling.ts';

const MINUTE = 60_000;
const HALF = () => 0.5;
let polling: Polling | null = null;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  polling?.stop();
  vi.useRealTimers();
});

describe('polling', () => {
  it('checks shortly after start and then every hour', async () => {
    const check = vi.fn(async () => undefined);
    polling = startPolling(check, undefined, HALF);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(check).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(59 * MINUTE);
    expect(check).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(24 * 60 * MINUTE);
    expect(check).toHaveBeenCalledTimes(25);
  });

  it('waits longer after each failure, and as before after a success', async () => {
    const answers = [true, true, false];
    const times: number[] = [];
    const check = async () => {
      times.push(Date.now());
      if (answers.shift()) throw new Error('offline');
    };
    polling = startPolling(check, undefined, HALF);
    await vi.advanceTimersByTimeAsync(200 * MINUTE);
    const waits = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / MINUTE);
    expect(waits.slice(0, 3)).toEqual([5, 10, 60]);
  });

  it('begins no check while it is paused, nor after it was stopped', async () => {
    const check = vi.fn(async () => undefined);
    polling = startPolling(check, undefined, HALF);
    polling.pause();
    await vi.advanceTimersByTimeAsync(5 * 60 * MINUTE);
    expect(check).not.toHaveBeenCalled();
    polling.resume();
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(check).toHaveBeenCalledTimes(1);
    polling.stop();
    polling.resume();
    await vi.advanceTimersByTimeAsync(5 * 60 * MINUTE);
    expect(check).toHaveBeenCalledTimes(1);
  });

  it('does not begin a new hour with every pause: a Mac that is never awake for one is checked too', async () => {
    const check = vi.fn(async () => undefined);
    polling = startPolling(check, undefined, HALF);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(check).toHaveBeenCalledTimes(1);
    for (let nap = 1; nap <= 6; nap += 1) {
      await vi.advanceTimersByTimeAsync(10 * MINUTE);
      polling.pause();
      await vi.advanceTimersByTimeAsync(10 * MINUTE);
      polling.resume();
    }
    // Two hours later: one check when the hour was over, and one right after the pause in which the next fell due.
    expect(check).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(check).toHaveBeenCalledTimes(3);
  });

  it('after a pause in which a check fell due, waits as after a start', async () => {
    const check = vi.fn(async () => undefined);
    polling = startPolling(check, undefined, HALF);
    await vi.advanceTimersByTimeAsync(MINUTE);
    polling.pause();
    await vi.advanceTimersByTimeAsync(5 * 60 * MINUTE);
    polling.resume();
    await vi.advanceTimersByTimeAsync(MINUTE / 3);
    expect(check).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(check).toHaveBeenCalledTimes(2);
  });

  it('is paused once, also when that happens during a check', async () => {
    let finish = (): void => undefined;
    const check = vi.fn(() => new Promise<void>((fulfil) => (finish = fulfil)));
    polling = startPolling(check, undefined, HALF);
    await vi.advanceTimersByTimeAsync(MINUTE);
    polling.pause();
    finish();
    await vi.advanceTimersByTimeAsync(5 * 60 * MINUTE);
    expect(check).toHaveBeenCalledTimes(1);
  });

  it('goes on once after a pause and its end during a check', async () => {
    let finish = (): void => undefined;
    const check = vi.fn(() => new Promise<void>((fulfil) => (finish = fulfil)));
    polling = startPolling(check, undefined, HALF);
    await vi.advanceTimersByTimeAsync(MINUTE);
    polling.pause();
    polling.resume();
    await vi.advanceTimersByTimeAsync(5 * 60 * MINUTE);
    expect(check).toHaveBeenCalledTimes(1);
    finish();
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(check).toHaveBeenCalledTimes(2);
  });
});
