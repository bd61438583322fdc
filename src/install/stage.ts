import type { BigIntStats } from 'node:fs';
import { chmod, lchown, lstat, mkdir, opendir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Bundle, readBundle } from '../bundle/bundle.ts';
import { syncFolder } from '../durable.ts';
import { isDiskFull, UpdateError } from '../errors.ts';
import { removeTree } from '../remove-tree.ts';
import { type DirectoryIdentity, JournalWriter } from './journal.ts';
import { type Layout, nextStagingId, type StagingPaths, stagingPaths } from './layout.ts';
import { assertFreeSpace, diskFull } from './preflight.ts';
import { readDesignatedRequirement, verifyGatekeeper, verifySignature } from './signature.ts';
import { outputOf, type Tools } from './tools.ts';
import type { VerifiedPayload } from './verify-payload.ts';

const staged = Symbol('staged app');

/** A copy of the new app beside the target, on its volume, verified and ready to be exchanged. Only `stageApp` makes one. */
export interface StagedApp {
  readonly [staged]: true;
  readonly layout: Layout;
  readonly paths: StagingPaths;
  readonly newApp: DirectoryIdentity;
  readonly oldApp: DirectoryIdentity;
  readonly from: string;
  readonly to: string;
  /** Takes the copy away again; the target was never touched. */
  discard(): Promise<void>;
}

export interface StageOptions {
  readonly tools: Tools;
  readonly layout: Layout;
  /** The installed version as shown to people. */
  readonly from: string;
  readonly sha256: string;
  readonly bundleId: string;
  /** False only for `--no-codesign`. */
  readonly verifiesSignature: boolean;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
  readonly now: () => Date;
  /** Closes the image once its contents are copied. */
  readonly closeImage: () => Promise<void>;
}

const COPY_TIMEOUT = 30 * 60_000;

/**
 * Step 5 of an install: copies the payload beside the target and verifies the copy.
 *
 * @throws UpdateError `disk-full`, `not-writable`, `app-management-denied`, `signature-invalid`,
 *   `requirement-mismatch`, `gatekeeper-rejected`, `cancelled`. Nothing is left behind then.
 */
export async function stageApp(payload: VerifiedPayload, options: StageOptions): Promise<StagedApp> {
  const { layout, tools, now } = options;
  await assertFreeSpace(layout, await measureTree(payload.bundle.path));
  const paths = stagingPaths(layout, await nextStagingId(layout, now()));
  let journal: JournalWriter | null = null;
  try {
    journal = JournalWriter.create(paths);
    journal.append({
      step: 'begin',
      at: now().toISOString(),
      target: layout.target,
      bundleId: options.bundleId,
      from: options.from,
      to: payload.version.text,
      sha256: options.sha256,
    });
    await mkdir(paths.folder, { mode: 0o700 });
    await copyTree(payload.bundle.path, paths.newApp, options);
    await options.closeImage();
    await stripQuarantine(paths.newApp, options);
    await makeLikeOldApp(paths.newApp, layout.target);
    await assertSameBundle(paths.newApp, payload.bundle);
    await verifyCopy(paths.newApp, options);
    await syncFolder(paths.newApp);
    await syncFolder(paths.folder);
    await tools.run('sync', []);
    const newApp = await identify(paths.newApp);
    const oldApp = await identify(layout.target);
    journal.append({ step: 'staged', at: now().toISOString(), newApp, oldApp });
    const discard = (): Promise<void> => discardStaging(paths);
    return {
      [staged]: true,
      layout,
      paths,
      newApp,
      oldApp,
      from: options.from,
      to: payload.version.text,
      discard,
    };
  } catch (error) {
    // What could not be cleared away now is cleared at the next start; it must not hide why the update failed.
    await discardStaging(paths).catch((problem: unknown) =>
      options.warn(`${paths.folder} stays behind: ${problem}`),
    );
    throw isDiskFull(error) ? diskFull(layout, {}, error) : error;
  } finally {
    journal?.close();
  }
}

/** Folder first, journal last, so that a crash in between is still understood. */
export async function discardStaging(paths: StagingPaths): Promise<void> {
  await removeTree(paths.folder);
  await rm(paths.journal, { force: true });
}

async function identify(directory: string): Promise<DirectoryIdentity> {
  return identityOf(await lstat(directory, { bigint: true }));
}

export function identityOf(status: BigIntStats): DirectoryIdentity {
  return { device: String(status.dev), inode: String(status.ino) };
}

async function copyTree(from: string, to: string, options: StageOptions): Promise<void> {
  const result = await options.tools.run('ditto', [from, to], {
    timeout: COPY_TIMEOUT,
    signal: options.signal,
  });
  if (result.status === 0) return;
  const output = outputOf(result);
  if (/No space left on device/i.test(output)) throw diskFull(options.layout, { output });
  const isDenied = /Operation not permitted|Permission denied/i.test(output);
  throw new UpdateError(
    isDenied ? 'not-writable' : 'image-unreadable',
    `The new version could not be copied beside ${options.layout.target} (${output.split('\n')[0]}). Nothing was changed.`,
    { details: { output } },
  );
}

/** The app that downloaded the update vouches for it; quarantine would ask the user about it at every update. */
async function stripQuarantine(app: string, { tools }: StageOptions): Promise<void> {
  const result = await tools.run('xattr', ['-d', '-r', '-s', 'com.apple.quarantine', app], {
    timeout: COPY_TIMEOUT,
  });
  if (result.status === 0) return;
  // A read-only file refuses even where it carries no mark; only a mark that is still there matters.
  const listed = await tools.run('xattr', ['-l', '-r', '-s', app], { timeout: COPY_TIMEOUT });
  if (listed.status === 0 && !listed.stdout.includes('com.apple.quarantine')) return;
  const output = outputOf(result);
  throw new UpdateError(
    'not-writable',
    `The quarantine mark could not be taken off the new version (${output.split('\n')[0]}). Nothing was changed.`,
    { details: { output } },
  );
}

/** What was judged on the image is what was copied. */
async function assertSameBundle(app: string, expected: Bundle): Promise<void> {
  const { path: _, ...copied } = await readBundle(app);
  const { path: __, ...judged } = expected;
  if (isDeepStrictEqual(copied, judged)) return;
  throw new UpdateError(
    'image-unreadable',
    'The copy of the new version is not what the disk image showed. Nothing was changed.',
    {
      details: { copied, judged },
    },
  );
}

async function verifyCopy(app: string, options: StageOptions): Promise<void> {
  if (!options.verifiesSignature) return;
  const requirement = await readDesignatedRequirement(options.layout.target, options);
  await verifySignature(app, requirement, options);
  await verifyGatekeeper(app, options.layout.target, options);
}

/** Owner, group, mode and time as the old bundle has them. Only root can give files away. */
async function makeLikeOldApp(newApp: string, oldApp: string): Promise<void> {
  const old = await lstat(oldApp);
  const own = await lstat(newApp);
  if (own.uid !== old.uid || own.gid !== old.gid) await giveAway(newApp, old.uid, old.gid);
  await chmod(newApp, old.mode & 0o7777);
  await utimes(newApp, old.atime, old.mtime);
}

async function giveAway(root: string, uid: number, gid: number): Promise<void> {
  try {
    for await (const path of walk(root)) await lchown(path, uid, gid);
  } catch (error) {
    throw new UpdateError(
      'not-writable',
      'The new version cannot be given the owner and group of the installed one. Nothing was changed. Update it as its owner, or ask an administrator.',
      { cause: error, details: { uid, gid } },
    );
  }
}

/** Bytes that a copy takes, in blocks of 4 KiB as APFS and HFS+ give them out. */
async function measureTree(root: string): Promise<number> {
  let bytes = 0;
  for await (const path of walk(root)) {
    const { size } = await lstat(path);
    bytes += Math.ceil((size + 1) / 4096) * 4096;
  }
  return bytes;
}

async function* walk(root: string): AsyncGenerator<string> {
  yield root;
  for await (const entry of await opendir(root)) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}
