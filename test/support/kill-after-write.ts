/**
 * Kills the process right after its n-th writing call, as a power cut would: with `node --import <this file>` and
 *
 *   KILL_AFTER_WRITE        n, from 1 on; without it nothing is killed
 *   KILL_AFTER_WRITE_BELOW  counts only calls on paths below this folder (everything by default)
 *
 * Counted are calls of node:fs in all its forms that change something on disk, and programs that have ended.
 */
import childProcess, { type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

type Call = (...parameters: unknown[]) => unknown;
type Calls = Record<string, Call>;

const killAfter = Number(process.env['KILL_AFTER_WRITE'] ?? Number.POSITIVE_INFINITY);
const below = resolve(process.env['KILL_AFTER_WRITE_BELOW'] ?? '/');

/** Names in `node:fs`, and with `Sync`, and in `node:fs/promises`. */
const ON_PATHS =
  'open writeFile appendFile rename rm unlink mkdir mkdtemp rmdir symlink link chmod lchmod truncate copyFile cp utimes lutimes';
const ON_DESCRIPTORS = 'write writev fchmod ftruncate fsync fdatasync futimes';
const ON_HANDLES = 'write writev writeFile appendFile truncate chmod sync datasync utimes';

/** Where open files lie, by descriptor and by handle. */
const paths = new Map<unknown, string>();
let count = 0;

function countCall(): void {
  count += 1;
  // Not process.exit: nothing that the process would do on its way out may happen.
  if (count === killAfter) process.kill(process.pid, 'SIGKILL');
}

function pathOf(target: unknown): string | null {
  if (typeof target === 'string') return resolve(target);
  if (target instanceof URL) return fileURLToPath(target);
  if (Buffer.isBuffer(target)) return resolve(target.toString());
  return paths.get(target) ?? null;
}

function isMeant(targets: readonly unknown[]): boolean {
  const root = below.endsWith(sep) ? below : `${below}${sep}`;
  return targets.some((target) => {
    const path = pathOf(target);
    return path !== null && (path === below || path.startsWith(root));
  });
}

function isReading(name: string, parameters: readonly unknown[]): boolean {
  if (name !== 'open') return false;
  const flags = typeof parameters[1] === 'function' ? 'r' : (parameters[1] ?? 'r');
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = fs.constants;
  if (typeof flags === 'number') return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) === 0;
  return flags === 'r' || flags === 'rs';
}

function finish(name: string, parameters: readonly unknown[], result: unknown): void {
  const path = name === 'open' ? pathOf(parameters[0]) : null;
  if (path !== null) paths.set(result, path);
  // Names of two paths are those of links and renames.
  const isOnTwo = ['rename', 'link', 'symlink', 'copyFile', 'cp'].includes(name);
  if (!isReading(name, parameters) && isMeant(parameters.slice(0, isOnTwo ? 2 : 1))) countCall();
}

function wrap(holder: Calls, key: string, makeCall: (original: Call) => Call): void {
  const original = holder[key];
  if (typeof original === 'function') holder[key] = Object.assign(makeCall(original), original);
}

function wrapModule(): void {
  const [callbacks, promises] = [fs as unknown as Calls, fs.promises as unknown as Calls];
  for (const name of `${ON_PATHS} ${ON_DESCRIPTORS}`.split(' ')) {
    wrap(
      callbacks,
      `${name}Sync`,
      (original) =>
        function (this: unknown, ...parameters) {
          const result = original.apply(this, parameters);
          finish(name, parameters, result);
          return result;
        },
    );
    wrap(
      promises,
      name,
      (original) =>
        async function (this: unknown, ...parameters) {
          const result = await original.apply(this, parameters);
          finish(name, parameters, result);
          return result;
        },
    );
    wrap(
      callbacks,
      name,
      (original) =>
        function (this: unknown, ...parameters) {
          const callback = parameters.at(-1);
          if (typeof callback !== 'function') return original.apply(this, parameters);
          return original.call(this, ...parameters.slice(0, -1), (...results: unknown[]) => {
            if (results[0] === null || results[0] === undefined) finish(name, parameters, results[1]);
            callback(...results);
          });
        },
    );
  }
}

/** Methods of open files: their class has no name that could be imported. */
function wrapHandles(handle: FileHandle): void {
  const prototype = Object.getPrototypeOf(handle) as Calls;
  for (const name of ON_HANDLES.split(' '))
    wrap(
      prototype,
      name,
      (original) =>
        async function (this: unknown, ...parameters) {
          const result = await original.apply(this, parameters);
          if (isMeant([this])) countCall();
          return result;
        },
    );
}

function wrapPrograms(): void {
  wrap(
    childProcess as unknown as Calls,
    'spawn',
    (original) =>
      function (this: unknown, ...parameters) {
        const child = original.apply(this, parameters) as ChildProcess;
        // The first listener, so that nobody acts on the end before.
        child.on('exit', countCall);
        return child;
      },
  );
}

if (Number.isFinite(killAfter)) {
  const handle = await fs.promises.open(fileURLToPath(import.meta.url));
  wrapHandles(handle);
  await handle.close();
  wrapModule();
  wrapPrograms();
  syncBuiltinESMExports();
}
