import { type FileHandle, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import { MAXIMUM_MANIFEST_BYTES } from '../manifest/limits.ts';
import { type ManifestFile, roleOf } from './catalog.ts';
import { describeOpenFailure, type FileIdentity, identify, openFile } from './open-file.ts';

/** One file as it was read, and which state of it that was. */
export interface ManifestReading extends ManifestFile {
  readonly identity: FileIdentity;
  /** False where it changed while it was read, or may be half written: to be read again. */
  readonly isWhole: boolean;
}

const AT_ONCE = 32;

/**
 * Reads the manifests of a folder, not those of folders in it. A file that is as it was is not read again.
 *
 * @param known what was read last, by name
 * @throws Error of the system's where the folder itself cannot be read
 */
export async function readManifests(
  folder: string,
  known: ReadonlyMap<string, ManifestReading>,
): Promise<ReadonlyMap<string, ManifestReading>> {
  const names = (await readdir(folder)).filter((name) => roleOf(name) !== null).sort();
  // Some at once, since archives grow long, and not all, since requests wait meanwhile.
  const seen: (FileIdentity | null)[] = [];
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const some = names.slice(start, start + AT_ONCE);
    seen.push(...(await Promise.all(some.map((name) => identifyPath(join(folder, name))))));
  }
  const readings = new Map<string, ManifestReading>();
  for (const [index, name] of names.entries()) {
    const before = known.get(name);
    const isAsBefore = before?.isWhole === true && before.identity === seen[index];
    const reading = isAsBefore ? before : await readOne(join(folder, name), name);
    if (reading !== null) readings.set(name, reading);
  }
  return readings;
}

async function identifyPath(path: string): Promise<FileIdentity | null> {
  const status = await lstat(path, { bigint: true }).catch(() => null);
  return status === null ? null : identify(status);
}

async function readOne(path: string, name: string): Promise<ManifestReading | null> {
  try {
    return await readBytes(path, name);
  } catch (error) {
    const problem = describeOpenFailure(error);
    if (problem === null) return null;
    return unreadable(name, problem, systemErrorCode(error) ?? '');
  }
}

async function readBytes(path: string, name: string): Promise<ManifestReading> {
  const { handle, status, identity } = await openFile(path);
  try {
    const modified = new Date(Number(status.mtimeMs));
    const size = Number(status.size);
    if (size > MAXIMUM_MANIFEST_BYTES) {
      const problem = `It is larger than ${MAXIMUM_MANIFEST_BYTES / 1024} KiB, which no manifest is.`;
      return { ...unreadable(name, problem, identity), modified };
    }
    const bytes = await readUpTo(handle, size);
    const after = identify(await handle.stat({ bigint: true }));
    const isWhole = after === identity && bytes.byteLength === size && isJson(bytes);
    return { name, bytes, problem: null, modified, identity, isWhole };
  } finally {
    await handle.close();
  }
}

/** One byte more than there should be tells a file that grows meanwhile. */
async function readUpTo(handle: FileHandle, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function unreadable(name: string, problem: string, identity: FileIdentity): ManifestReading {
  return { name, bytes: null, problem, modified: null, identity, isWhole: false };
}

/** What is cut short in the middle of an object is not: the sign of a file that is still being written. */
function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
