/**
 * A volume of our own, served through /dev/fuse: `serve.ts <folder> <mount point> <has exchange> <spelling>`. It
 * speaks as old a protocol as is asked for: before 7.23 the kernel knows no flags of a rename for it, and answers
 * EINVAL to an exchange, as a volume does that has none. By message it can be told to be full from the n-th change on.
 *
 * Sources: fuse(4), <linux/fuse.h>. Root on Linux only; a helper of the tests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, read, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { FuseError, Operations, type Spelling } from './operations.ts';

export type VolumeRequest =
  | { readonly kind: 'fill'; readonly after: number; readonly times: number }
  | { readonly kind: 'limit'; readonly bytes: number }
  | { readonly kind: 'hold'; readonly after: number }
  | { readonly kind: 'release' }
  | { readonly kind: 'count' };

const [, , folder = '', mountPoint = '', hasExchange = '', spelling = 'exact'] = process.argv;
const BUFFER_SIZE = 1 << 20;
const HEADER = 40;
/** <linux/fuse.h>: requests that are never answered. */
const UNANSWERED: ReadonlySet<number> = new Set([2, 42]);
const INIT = 26;
const DESTROY = 38;
const INTERRUPT = 36;
const RENAMES: ReadonlySet<number> = new Set([12, 45]);

const device = openSync('/dev/fuse', 'r+');
const operations = new Operations(folder, spelling as Spelling);
/** Renames that are still done; later ones are not, and whoever asks hangs there. */
let renamesLeft = Number.POSITIVE_INFINITY;
/** Requests that hang. */
let held: bigint[] = [];

function initialise(): Buffer {
  const out = Buffer.alloc(hasExchange === 'yes' ? 64 : 24);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(hasExchange === 'yes' ? 31 : 22, 4);
  out.writeUInt32LE(128 * 1024, 8); // max_readahead
  out.writeUInt32LE(1 << 5, 12); // FUSE_BIG_WRITES
  out.writeUInt16LE(12, 16); // max_background
  out.writeUInt16LE(9, 18); // congestion_threshold
  out.writeUInt32LE(64 * 1024, 20); // max_write
  return out;
}

function reply(unique: bigint, errno: number, body: Buffer): void {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(16 + body.length, 0);
  head.writeInt32LE(-errno, 4);
  head.writeBigUInt64LE(unique, 8);
  try {
    writeSync(device, Buffer.concat([head, body]));
  } catch (error) {
    // ENOENT: whoever asked was killed meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function answer(request: Buffer): void {
  const opcode = request.readUInt32LE(4);
  const unique = request.readBigUInt64LE(8);
  if (UNANSWERED.has(opcode) || opcode === INTERRUPT) return;
  if (opcode === INIT || opcode === DESTROY) {
    reply(unique, 0, opcode === INIT ? initialise() : Buffer.alloc(0));
    return;
  }
  if (RENAMES.has(opcode)) {
    renamesLeft -= 1;
    if (renamesLeft < 0) {
      held.push(unique);
      process.send?.({ isHeld: true });
      return;
    }
  }
  try {
    reply(unique, 0, operations.run(opcode, request.subarray(0, HEADER), request.subarray(HEADER)));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    const known = constants.errno[code as keyof typeof constants.errno] as number | undefined;
    reply(unique, error instanceof FuseError ? error.errno : (known ?? constants.errno.EIO), Buffer.alloc(0));
  }
}

function serve(): void {
  const buffer = Buffer.alloc(BUFFER_SIZE);
  const next = (): void =>
    read(device, buffer, 0, BUFFER_SIZE, null, (error, length) => {
      if (error?.code === 'ENODEV') process.exit(0);
      if (error === null) answer(Buffer.from(buffer.subarray(0, length)));
      next();
    });
  next();
}

process.on('message', (request: VolumeRequest) => {
  if (request.kind === 'hold') renamesLeft = request.after;
  if (request.kind === 'release') {
    renamesLeft = Number.POSITIVE_INFINITY;
    for (const unique of held) reply(unique, constants.errno.EINTR, Buffer.alloc(0));
    held = [];
  }
  if (request.kind === 'limit') operations.limit(request.bytes);
  if (request.kind === 'fill') operations.fill(request.after, request.times);
  process.send?.({ changes: operations.changes });
});

serve();
const options = `fd=3,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions`;
const mount = spawn('mount', ['-i', '-t', 'fuse', '-o', options, 'nexy-test', mountPoint], {
  stdio: ['ignore', 'ignore', 'inherit', device],
});
const [status] = await once(mount, 'exit');
process.send?.({ mounted: status === 0 });
