import { generateKeyPairSync, sign } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReleaseHost, startReleaseHost } from '../release-host/release-host.ts';

/** Where scenarios are run, one after the other: a release host and a folder. */
export interface LabRoom {
  readonly host: ReleaseHost;
  /** Each run makes its own folder in it. */
  readonly folder: string;
  /** What clients with a key know: an ed25519 public key, PEM. */
  readonly publicKey: string;
  /** Signs with the key to that, in base64. */
  sign(bytes: Uint8Array): string;
  /** Whether a next release arrives at a client that nothing has come to before; kept for the room's other runs. */
  readonly nextArrivals: Map<string, boolean>;
  close(): Promise<void>;
}

/** The memory disk of Linux: an install waits for the disk a dozen times. */
const MEMORY_DISK = '/dev/shm';

/** @param parent the folder in which the room makes its own; on a memory disk unless given */
export async function openLabRoom(parent?: string): Promise<LabRoom> {
  const folder = await mkdtemp(join(parent ?? (await fastTemporaryFolder()), 'nexy-lab-room-'));
  const host = await startReleaseHost();
  const keys = generateKeyPairSync('ed25519');
  return {
    host,
    folder,
    publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => sign(null, bytes, keys.privateKey).toString('base64'),
    nextArrivals: new Map(),
    close: async () => {
      await host.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The folder that TMPDIR names, else a memory disk that this user may write to, else the system's own. */
export async function fastTemporaryFolder(): Promise<string> {
  const isChosen = process.env['TMPDIR'] !== undefined;
  const hasMemoryDisk = await access(MEMORY_DISK, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return hasMemoryDisk && !isChosen ? MEMORY_DISK : realpath(tmpdir());
}
