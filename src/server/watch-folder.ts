import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Milliseconds after the last sign of a change, so that a burst of them is looked at once. */
const QUIET = 50;
/** Looking is not put off for longer than this while changes go on. */
const PATIENCE = 250;
/** How often the folder itself is looked at: a rename or a mount puts another one in its place, unheard. */
const POLL = 250;
/** How often everything is looked at: on network file systems no change is ever heard of. */
const BACKSTOP = 5000;

export interface FolderWatch {
  close(): void;
  /** Look soon, without waiting for a sign. */
  stir(delay?: number): void;
}

/**
 * Calls `look` soon after anything in a folder may have changed, one call at a time. The system's notices are what
 * makes it quick; that the path is looked at from time to time makes it right: after `git pull`, after the folder was
 * replaced by another one (also by way of a link on the path), where there are no notices at all.
 *
 * @param look must not throw
 */
export function watchFolder(folder: string, look: () => Promise<void>): FolderWatch {
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | null = null;
  let firstSign = 0;
  let isLooking = false;
  let isStirredMeanwhile = false;
  let identity = '';
  let lastLook = 0;
  let isClosed = false;

  const run = async (): Promise<void> => {
    timer = null;
    firstSign = 0;
    if (isLooking) {
      isStirredMeanwhile = true;
      return;
    }
    isLooking = true;
    lastLook = performance.now();
    await look();
    isLooking = false;
    if (isStirredMeanwhile) {
      isStirredMeanwhile = false;
      stir();
    }
  };

  const stir = (delay = QUIET): void => {
    if (isClosed) return;
    const now = performance.now();
    if (firstSign === 0) firstSign = now;
    const wait = Math.max(0, Math.min(delay, firstSign + PATIENCE - now));
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => void run(), wait).unref();
  };

  const listen = (): void => {
    watcher?.close();
    watcher = null;
    try {
      watcher = watch(folder, { persistent: false }, () => stir());
      watcher.on('error', () => {
        watcher?.close();
        watcher = null;
      });
    } catch {
      // No notices here (too many watches, a file system without them, no folder yet): it is looked at instead.
    }
  };

  const poll = setInterval(async () => {
    const found = await stat(folder, { bigint: true }).catch(() => null);
    if (isClosed) return;
    const place = found === null ? '' : `${found.dev}:${found.ino}`;
    if (place !== identity) {
      identity = place;
      listen();
      stir();
    } else if (watcher === null || performance.now() - lastLook > BACKSTOP) stir();
  }, POLL);
  poll.unref();
  listen();

  return {
    stir,
    close: () => {
      isClosed = true;
      clearInterval(poll);
      if (timer !== null) clearTimeout(timer);
      watcher?.close();
    },
  };
}
