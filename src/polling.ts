import {
  afterCheck,
  DEFAULT_POLLING,
  findNextDelay,
  NOTHING_CHECKED,
  type PollingPolicy,
} from './check/schedule.ts';

export interface Polling {
  /** No check is begun until `resume`: the Mac is asleep, or offline. */
  pause(): void;
  resume(): void;
  stop(): void;
}

/**
 * Checks again and again, on the schedule of DESIGN.md section 4. The waiting never keeps a process alive.
 *
 * @param check rejects when it failed, which makes the next wait longer
 * @param random a number from 0 (inclusive) to 1 (exclusive)
 */
export function startPolling(
  check: () => Promise<unknown>,
  policy: PollingPolicy = DEFAULT_POLLING,
  random: () => number = Math.random,
): Polling {
  let history = NOTHING_CHECKED;
  let mode: 'active' | 'paused' | 'stopped' = 'active';
  let isChecking = false;
  let timer: NodeJS.Timeout | null = null;
  /** When the next check is due, milliseconds since the epoch: the clock goes on while a Mac sleeps, timers do not. */
  let due: number | null = null;

  const schedule = (): void => {
    if (mode !== 'active' || isChecking || timer !== null) return;
    due ??= Date.now() + findNextDelay(history, random(), policy);
    // After a pause what is overdue waits as after a start, so that Macs that wake together do not check together.
    const left = due - Date.now();
    timer = setTimeout(run, left > 0 ? left : findNextDelay(NOTHING_CHECKED, random(), policy));
    timer.unref();
  };
  const run = async (): Promise<void> => {
    timer = null;
    due = null;
    isChecking = true;
    const failed = await check().then(
      () => false,
      () => true,
    );
    isChecking = false;
    history = afterCheck(history, failed);
    schedule();
  };
  const become = (next: typeof mode): void => {
    if (mode === 'stopped') return;
    mode = next;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    schedule();
  };
  schedule();
  return {
    pause: () => become('paused'),
    resume: () => {
      if (mode === 'paused') become('active');
    },
    stop: () => become('stopped'),
  };
}
