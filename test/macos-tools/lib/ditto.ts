import {
  type BigIntStats,
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { extendedAttributes, setTimes } from './extended-attributes.ts';
import { runMain, systemErrorText, ToolEnd } from './tool.ts';

/** ditto(1). */
const USAGE = `Usage: ditto [ <options> ] src [ ... src ] dst

    <options> are any of:
    -h                         print full usage
    -v                         print a line of status for each source copied
    -V                         print a line of status for each file copied
    -X                         do not descend into directories with a different device ID
    --rsrc, --norsrc           preserve or do not preserve resource forks
    --extattr, --noextattr     preserve or do not preserve extended attributes
    --qtn, --noqtn             preserve or do not preserve quarantine
    --acl, --noacl             preserve or do not preserve access control lists
    --nocache                  do not cache in the buffer cache
    --hfsCompression           compress files at the destination if appropriate
`;

/** Options without a value that change nothing on a system without what they are about. */
const WITHOUT_EFFECT = [
  '--rsrc',
  '--norsrc',
  '--acl',
  '--noacl',
  '--nocache',
  '--cache',
  '--hfsCompression',
  '--nohfsCompression',
  '--preserveHFSCompression',
  '--nopreserveHFSCompression',
  '--clone',
  '--noclone',
  '--persistRootless',
  '--nopersistRootless',
];
const ARCHIVE_OPTIONS = ['-c', '-x', '-k', '-z', '-j', '-ck', '-xk', '--keepParent', '--sequesterRsrc'];
const REFUSED = ['--arch', '--bom', '--lang', '--outBom', '--password', '--zlibCompressionLevel'];

interface Options {
  readonly keepsAttributes: boolean;
  readonly keepsQuarantine: boolean;
  readonly staysOnDevice: boolean;
  readonly tellsSources: boolean;
  readonly tellsFiles: boolean;
}

function main(toolArguments: readonly string[]): number {
  const { options, operands } = parseArguments(toolArguments);
  const destination = operands.at(-1);
  if (destination === undefined || operands.length < 2) throw new ToolEnd(1, USAGE);
  const copier = new Copier(options);
  for (const source of operands.slice(0, -1)) copier.copySource(source, destination);
  return copier.status;
}

function parseArguments(toolArguments: readonly string[]): { options: Options; operands: readonly string[] } {
  const given = new Set<string>();
  let index = 0;
  for (; index < toolArguments.length && /^-./.test(toolArguments[index] ?? ''); index += 1) {
    const argument = toolArguments[index] ?? '';
    if (argument === '-h' || argument === '--help') throw new ToolEnd(0, USAGE);
    if (ARCHIVE_OPTIONS.includes(argument) || REFUSED.includes(argument))
      throw new ToolEnd(1, `ditto: ${argument} is not possible with this double\n`);
    const known = ['-v', '-V', '-X', '--extattr', '--noextattr', '--qtn', '--noqtn', ...WITHOUT_EFFECT];
    if (!known.includes(argument)) throw new ToolEnd(1, `ditto: illegal option ${argument}\n${USAGE}`);
    given.add(argument);
  }
  return {
    operands: toolArguments.slice(index),
    options: {
      keepsAttributes: !given.has('--noextattr'),
      keepsQuarantine: !given.has('--noqtn'),
      staysOnDevice: given.has('-X'),
      tellsSources: given.has('-v') || given.has('-V'),
      tellsFiles: given.has('-V'),
    },
  };
}

class Copier {
  status = 0;
  readonly #options: Options;
  readonly #attributes = extendedAttributes(true);
  /** First copy of each file with several names, by device and number. */
  readonly #copies = new Map<string, string>();

  constructor(options: Options) {
    this.#options = options;
  }

  copySource(given: string, destination: string): void {
    let source: string;
    try {
      source = realpathSync(given);
    } catch {
      // ditto__no-real-path.txt
      throw new ToolEnd(1, `ditto: can't get real path for source '${given}'\n`);
    }
    if (this.#options.tellsSources) process.stderr.write(`>>> Copying ${given} \n`);
    const stats = lstatSync(source, { bigint: true });
    const existing = statSync(destination, { throwIfNoEntry: false });
    const goesInside = !stats.isDirectory() && existing?.isDirectory() === true;
    const target = goesInside ? join(destination, basename(source)) : destination.replace(/(.)\/+$/, '$1');
    this.#attempt(target, () => {
      mkdirSync(dirname(resolve(target)), { recursive: true });
      if (stats.isDirectory()) this.#copyFolder(source, target, stats, stats.dev, true);
      else this.#copy(source, target, stats, stats.dev);
    });
  }

  /** Goes on after a failure, except where nothing more can be written. */
  #attempt(target: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof ToolEnd) throw error;
      const text = `ditto: ${target}: ${systemErrorText(error)}\n`;
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw new ToolEnd(1, text);
      process.stderr.write(text);
      this.status = 1;
    }
  }

  #copy(source: string, target: string, stats: BigIntStats, device: bigint): void {
    if (stats.isDirectory()) this.#copyFolder(source, target, stats, device, false);
    else if (stats.isSymbolicLink()) this.#copyLink(source, target, stats);
    else if (stats.isFile()) this.#copyFile(source, target, stats);
    // Sockets, pipes and devices are no part of an application.
  }

  #copyFolder(source: string, target: string, stats: BigIntStats, device: bigint, isTop: boolean): void {
    if (this.#options.staysOnDevice && stats.dev !== device) return;
    // Only the destination itself may be a link; inside of it none is followed.
    const existing = (isTop ? statSync : lstatSync)(target, { throwIfNoEntry: false });
    if (existing === undefined) mkdirSync(target, { mode: 0o700 });
    else if (!existing.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    else if ((existing.mode & 0o700) !== 0o700) chmodSync(target, 0o700);
    for (const name of readdirSync(source)) {
      const to = join(target, name);
      this.#attempt(to, () => {
        const from = join(source, name);
        this.#copy(from, to, lstatSync(from, { bigint: true }), device);
      });
    }
    this.#describe(source, target, stats);
  }

  #copyLink(source: string, target: string, stats: BigIntStats): void {
    const destination = readlinkSync(source, 'buffer');
    replace(target, (path) => {
      symlinkSync(destination, path);
      if (process.getuid?.() === 0) lchownSync(path, Number(stats.uid), Number(stats.gid));
      setTimes(path, stats.atimeNs, stats.mtimeNs);
    });
  }

  #copyFile(source: string, target: string, stats: BigIntStats): void {
    if (this.#options.tellsFiles) process.stderr.write(`copying file ${target} ... \n`);
    const key = `${stats.dev}:${stats.ino}`;
    const first = stats.nlink > 1n ? this.#copies.get(key) : undefined;
    replace(target, (path) => {
      if (first !== undefined) {
        linkSync(first, path);
        return;
      }
      copyFileSync(source, path, constants.COPYFILE_EXCL);
      this.#describe(source, path, stats);
    });
    if (stats.nlink > 1n && first === undefined) this.#copies.set(key, target);
    if (this.#options.tellsFiles) process.stderr.write(`${stats.size} bytes for ${target}\n`);
  }

  /** Attributes, owner, mode and times, in the order in which none of them undoes another. */
  #describe(source: string, target: string, stats: BigIntStats): void {
    if (this.#options.keepsAttributes)
      for (const name of this.#attributes.list(source)) {
        if (name === QUARANTINE && !this.#options.keepsQuarantine) continue;
        const value = this.#attributes.get(source, name);
        if (value !== null) this.#attributes.set(target, name, value);
      }
    if (process.getuid?.() === 0) chownSync(target, Number(stats.uid), Number(stats.gid));
    chmodSync(target, Number(stats.mode) & 0o7777);
    setTimes(target, stats.atimeNs, stats.mtimeNs);
  }
}

const QUARANTINE = 'com.apple.quarantine';

/** Makes a file or link at its place, or beside it and then over what is there. Half a file never stays. */
function replace(target: string, make: (path: string) => void): void {
  const existing = lstatSync(target, { throwIfNoEntry: false });
  if (existing?.isDirectory() === true) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
  const path = existing === undefined ? target : join(dirname(target), `.BC.T_${process.pid}`);
  try {
    make(path);
    if (path !== target) renameSync(path, target);
  } catch (error) {
    if (path !== target || existing === undefined) rmSync(path, { force: true });
    throw error;
  }
}

await runMain(main);
