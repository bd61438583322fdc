import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../temporary-folder.ts';
import type { Spelling } from './operations.ts';
import type { VolumeRequest } from './serve.ts';

/** Needs root on Linux, and the kernel's FUSE. */
export const CAN_SERVE_VOLUMES =
  process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/dev/fuse');

/** Shown in the name of a test that needs one, so that a skipped one says why. */
export const NEEDS_VOLUMES = CAN_SERVE_VOLUMES ? '' : ' (skipped: needs root on Linux, and /dev/fuse)';

/** A mounted volume whose space and abilities the test decides. */
export interface ServedVolume {
  readonly folder: string;
  /** After so many further changes the volume is full: that many times (default: for ever). */
  fillAfter(changes: number, times?: number): Promise<void>;
  /** Only so many more bytes of contents find room, until `empty`. */
  limitBytes(bytes: number): Promise<void>;
  /** How many changes took space, or would have, since the last `fillAfter`. */
  countChanges(): Promise<number>;
  /** Makes room again. */
  empty(): Promise<void>;
  /** After so many further renames the next one hangs; resolves `held` when it does. */
  holdRenameAfter(renames: number): Promise<{ readonly held: Promise<unknown> }>;
  /** Ends what hangs, undone. A killed process waits for this: it cannot leave a system call that was handed on. */
  release(): Promise<void>;
}

/**
 * Serves a volume for as long as the test runs.
 *
 * @returns null where mounting is not allowed
 */
export async function serveVolume(
  options: { readonly hasExchange?: boolean; readonly spelling?: Spelling } = {},
): Promise<ServedVolume | null> {
  const around = await temporaryFolder();
  await chmod(around, 0o755);
  const backing = join(around, 'backing');
  const folder = join(around, 'volume');
  await mkdir(backing);
  await mkdir(folder);
  const script = fileURLToPath(new URL('serve.ts', import.meta.url));
  const child = fork(
    script,
    [backing, folder, options.hasExchange === false ? 'no' : 'yes', options.spelling ?? 'exact'],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  onTestFinished(async () => {
    spawnSync('umount', ['-l', folder]);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const [{ mounted }] = (await once(child, 'message')) as [{ readonly mounted: boolean }];
  if (!mounted) return null;
  const ask = async (request: VolumeRequest): Promise<number> => {
    const answer = once(child, 'message');
    child.send(request);
    const [{ changes }] = (await answer) as [{ readonly changes: number }];
    return changes;
  };
  const fillAfter = async (after: number, times = 1_000_000): Promise<void> => {
    await ask({ kind: 'fill', after, times });
  };
  return {
    folder,
    fillAfter,
    countChanges: () => ask({ kind: 'count' }),
    limitBytes: async (bytes) => {
      await ask({ kind: 'limit', bytes });
    },
    empty: async () => {
      await ask({ kind: 'limit', bytes: Number.MAX_SAFE_INTEGER });
      await fillAfter(0, 0);
    },
    holdRenameAfter: async (after) => {
      await ask({ kind: 'hold', after });
      return { held: once(child, 'message') };
    },
    release: async () => {
      await ask({ kind: 'release' });
    },
  };
}
