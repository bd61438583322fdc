import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import type { PayloadEntry } from '../../../../src/image/package-payload.ts';
import type { InstallerFaults } from '../tool.ts';

/**
 * Writes a payload as nobody would wish: in place, one file after the other, what is there first taken away. Whoever
 * is killed meanwhile leaves half an app. Links on the way are followed.
 */
export class PayloadWriter {
  readonly #faults: InstallerFaults;
  #files = 0;

  constructor(faults: InstallerFaults) {
    this.#faults = faults;
  }

  /** Takes a bundle away, file by file, which is to be replaced by another. */
  removeBundle(path: string): void {
    assertWithinTemporaryFolder(path);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) this.removeBundle(inner);
      else {
        rmSync(inner);
        this.#pause();
      }
    }
    rmdirSync(path);
  }

  /** @param path absolute, where the entry is to be */
  write(path: string, entry: PayloadEntry): void {
    assertWithinTemporaryFolder(path);
    const existing = lstatSync(path, { throwIfNoEntry: false });
    if (entry.kind === 'folder') {
      if (existing !== undefined && !existing.isDirectory()) rmSync(path);
      mkdirSync(path, { recursive: true });
      chmodSync(path, entry.mode);
      return;
    }
    if (existing?.isDirectory() === true) this.removeBundle(path);
    else rmSync(path, { force: true });
    if (entry.kind === 'link') symlinkSync(entry.linkTarget ?? '', path);
    else if (entry.kind === 'file') this.#copy(path, entry);
    this.#count();
  }

  #copy(path: string, { data, mode }: PayloadEntry): void {
    const [from, to] = [openSync(data.path, 'r'), openSync(path, 'wx', 0o600)];
    try {
      const piece = Buffer.alloc(64 * 1024);
      for (let done = 0; done < data.length; ) {
        const wanted = Math.min(piece.length, data.length - done);
        const count = readSync(from, piece, 0, wanted, data.offset + done);
        if (count === 0) throw new Error('the payload ends too early');
        writeSync(to, piece, 0, count);
        done += count;
      }
    } finally {
      closeSync(from);
      closeSync(to);
    }
    chmodSync(path, mode);
  }

  #count(): void {
    this.#files += 1;
    const { diesAfterFiles, failsAfterFiles } = this.#faults;
    if (this.#files === diesAfterFiles) process.kill(process.pid, 'SIGKILL');
    if (this.#files === failsAfterFiles) throw new PayloadFailure();
    this.#pause();
  }

  #pause(): void {
    const { delay = 0 } = this.#faults;
    if (delay > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delay);
  }
}

/** What machine.json asked for: the payload could not be put in place. */
export class PayloadFailure extends Error {}

/** Something outside of the temporary folder was to be written. */
export class OutsideError extends Error {}

/**
 * This double writes below the temporary folder and nowhere else: tests run it as root, and packages made for tests
 * name places like `/Applications`.
 */
export function assertWithinTemporaryFolder(path: string): void {
  const temporary = realpathSync(tmpdir());
  const real = realPathOf(resolve(path));
  if (temporary !== sep && real.startsWith(`${temporary}${sep}`)) return;
  throw new OutsideError(
    `installer: this double writes only below ${temporary}, and the package would write ${real}\n`,
  );
}

/** The real path of the nearest folder that exists, and what is to come below it. The last name is not followed. */
function realPathOf(path: string): string {
  const parent = dirname(path);
  if (parent === path) return path;
  const missing: string[] = [path.slice(parent.length).replace(/^\//, '')];
  for (let at = parent; ; at = dirname(at)) {
    try {
      return join(realpathSync(at), ...missing);
    } catch (error) {
      // A link that leads nowhere is not followed either: there is no telling where it will lead.
      if (lstatSync(at, { throwIfNoEntry: false }) !== undefined || dirname(at) === at) throw error;
      missing.unshift(at.slice(dirname(at).length).replace(/^\//, ''));
    }
  }
}
