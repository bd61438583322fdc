import { constants } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CHANNELS, type Channel } from '../../config.ts';
import { writeDurably } from '../../durable.ts';
import { isDiskFull, systemErrorCode, UpdateError } from '../../errors.ts';
import { MAXIMUM_MANIFEST_BYTES } from '../../manifest/limits.ts';
import { type Artifact, type Manifest, makeManifest, readManifest } from '../../manifest/manifest.ts';
import { archivedVersion, CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import { isSameVersion, type Version } from '../../version.ts';

/** A manifest that lies in the folder. */
export interface HeldManifest {
  /** File name. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Null where the file is no manifest. */
  readonly manifest: Manifest | null;
  /** Why it is none. */
  readonly problem: string | null;
}

/** What the folder of manifests holds at one moment. */
export interface ManifestShelf {
  readonly folder: string;
  readonly channels: Readonly<Record<Channel, HeldManifest | null>>;
  /** The archive copies, `manifest_<version>.json`, by their names. */
  readonly archives: readonly HeldManifest[];
}

/** A manifest to be written. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

/** What a killed run leaves: see `writeTemporaryFile`. */
const TEMPORARY = /^(manifest(?:_.+)?\.json)\.[0-9a-f-]{36}\.tmp$/;
/** Servers run as another user. */
const MODE = 0o644;

/** Whether a file of that name in the folder is one that the publish flow writes. */
export function isManifestFile(name: string): boolean {
  return Object.values(CHANNEL_FILES).includes(name) || archivedVersion(name) !== null;
}

/**
 * Reads the manifests of a folder. One that cannot be read is held with its problem: it is in the way only of who wants
 * to replace it.
 *
 * @throws UpdateError `usage` when there is no such folder, `not-writable` when it may not be looked into
 */
export async function readManifestFolder(folder: string): Promise<ManifestShelf> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw folderError(folder, error);
  });
  const hold = async (name: string): Promise<HeldManifest | null> =>
    names.includes(name) ? holdManifest(folder, name) : null;
  const channels = {
    stable: await hold(CHANNEL_FILES.stable),
    beta: await hold(CHANNEL_FILES.beta),
  };
  const archives: HeldManifest[] = [];
  for (const name of names.filter((one) => archivedVersion(one) !== null).sort())
    archives.push(await holdManifest(folder, name));
  return { folder, channels, archives };
}

async function holdManifest(folder: string, name: string): Promise<HeldManifest> {
  const none = { name, manifest: null } as const;
  try {
    const bytes = await readSmallFile(join(folder, name));
    const reading = readManifest(bytes);
    const manifest = makeManifest(bytes, reading);
    if (manifest !== null) return { name, bytes, manifest, problem: null };
    return { ...none, bytes, problem: reading.problems.join('; ') || 'its version is none' };
  } catch (error) {
    const problem = `it cannot be read (${systemErrorCode(error) ?? 'it is no regular file'})`;
    return { ...none, bytes: new Uint8Array(), problem };
  }
}

async function readSmallFile(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error('no regular file');
    // One byte more than allowed tells that it is too large.
    const buffer = Buffer.alloc(MAXIMUM_MANIFEST_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * What a channel offers, or null where it has no manifest yet.
 *
 * @throws UpdateError `manifest-conflict` when what lies there is no manifest, so that nobody knows what it offered
 */
export function offerOf(shelf: ManifestShelf, channel: Channel): Manifest | null {
  const held = shelf.channels[channel];
  return held === null ? null : manifestOf(shelf, held);
}

/**
 * The archive copy of a version, however the version is written in its name.
 *
 * @throws UpdateError `manifest-conflict` when it is no manifest
 */
export function archiveOf(shelf: ManifestShelf, version: Version): Manifest | null {
  const held = shelf.archives.find(({ name }) => {
    const archived = archivedVersion(name);
    return archived !== null && isSameVersion(archived, version);
  });
  return held === undefined ? null : manifestOf(shelf, held);
}

function manifestOf({ folder }: ManifestShelf, { name, manifest, problem }: HeldManifest): Manifest {
  if (manifest !== null) return manifest;
  throw new UpdateError(
    'manifest-conflict',
    `${join(folder, name)} is no manifest that can be read: ${problem}. It was left as it is, since nobody knows what it offered. Put back the last good one (Git has it), or remove it if the channel is to begin anew.`,
    { details: { file: name, problem } },
  );
}

/** Whether two offers of one version are of the same bytes: what both have is equal, and there is something. */
export function areSameBytes(a: Pick<Manifest, 'artifacts'>, b: Pick<Manifest, 'artifacts'>): boolean {
  const pairs = a.artifacts.flatMap((artifact): readonly (readonly [Artifact, Artifact])[] => {
    const other = b.artifacts.find(({ type }) => type === artifact.type);
    return other === undefined ? [] : [[artifact, other]];
  });
  return pairs.length > 0 && pairs.every(([x, y]) => x.size === y.size && x.sha256 === y.sha256);
}

/**
 * Writes manifests one after the other, each so that a crash leaves the old or the new one; those that say the same
 * already are not touched.
 *
 * @returns names of those that were written
 * @throws UpdateError `not-writable`, `disk-full`
 */
export async function writeManifestFiles(
  shelf: ManifestShelf,
  files: readonly ManifestFile[],
): Promise<readonly string[]> {
  const held = [...CHANNELS.map((channel) => shelf.channels[channel]), ...shelf.archives];
  const written: string[] = [];
  for (const { name, text } of files) {
    const old = held.find((one) => one?.name === name);
    if (old?.manifest != null && Buffer.from(text).equals(old.bytes)) continue;
    await writeDurably(join(shelf.folder, name), text, MODE).catch((error: unknown) => {
      throw folderError(shelf.folder, error);
    });
    written.push(name);
  }
  return written;
}

/** Removes what runs left that were killed while they wrote. Only for who holds the folder's lock. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw folderError(folder, error);
  });
  for (const name of names) {
    const target = TEMPORARY.exec(name)?.[1];
    if (target !== undefined && isManifestFile(target)) await rm(join(folder, name), { force: true });
  }
}

export function folderError(folder: string, error: unknown): UpdateError {
  const code = systemErrorCode(error);
  const options = { cause: error, details: { folder } };
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new UpdateError(
      'usage',
      `There is no folder ${folder}. Name the folder of the manifests.`,
      options,
    );
  if (isDiskFull(error))
    return new UpdateError(
      'disk-full',
      `There is no space left for the manifests in ${folder}. Free some, and run this again.`,
      options,
    );
  return new UpdateError(
    'not-writable',
    `The manifests in ${folder} cannot be changed (${code ?? String(error)}). Run this as who owns them.`,
    options,
  );
}
