import { type FileHandle, mkdir, open, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as waitForReal } from 'node:timers/promises';
import { systemErrorCode, UpdateError } from '../errors.ts';
import { asFolderError, openPrivateFolder } from '../private-folder.ts';
import { removeTree } from '../remove-tree.ts';
import { attachFailureCode, isTemporaryAttachFailure, parseAttached, parseInfo } from './hdiutil-output.ts';
import { isNumberInUse } from './processes.ts';
import { outputOf, type Tools } from './tools.ts';

/** An attached image. Whoever opens one closes it, whatever happens in between. */
export interface OpenedImage {
  readonly mountPoints: readonly string[];
  close(): Promise<void>;
}

export interface OpenImageOptions {
  readonly tools: Tools;
  readonly cacheFolder: string;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
  /** How to wait between two attempts, in milliseconds. Tests do not. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

const MOUNTS = 'mounts';
const ATTACH_TIMEOUT = 10 * 60_000;
const TEMPORARY_FAILURE_WAITS = [500, 1500, 4000];
const DETACH_WAITS = [0, 200, 500, 1000, 2000];

/**
 * Step 2 of an install: attaches a disk image below a private folder, read-only, with hdiutil's own verification
 * on (hdiutil(1)). The folder's listing is the truth about what was mounted.
 *
 * @param path a verified image
 * @throws UpdateError `image-encrypted`, `image-unreadable`, `disk-full`, `cancelled`.
 */
export async function openImage(path: string, options: OpenImageOptions): Promise<OpenedImage> {
  await refuseEncrypted(path);
  const folder = await makeMountFolder(options.cacheFolder);
  const close = (): Promise<void> => closeImage(folder, options);
  try {
    await attach(path, folder, options);
    const mountPoints = (await readdir(folder)).map((name) => join(folder, name));
    if (mountPoints.length === 0) {
      throw new UpdateError('image-unreadable', `The disk image ${path} holds nothing that macOS can mount.`);
    }
    return { mountPoints, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Detaches what a crashed install left mounted in this cache, and clears its mount folders. */
export async function closeAbandonedImages(options: Omit<OpenImageOptions, 'signal'>): Promise<void> {
  const root = await mountsFolder(options.cacheFolder);
  const abandoned = (await readdir(root).catch(() => [])).filter((name) => {
    const pid = Number(name.split('-')[0]);
    return !isNumberInUse(pid);
  });
  for (const name of abandoned) await closeImage(join(root, name), options);
}

/** Real paths: hdiutil tells those. */
async function mountsFolder(cacheFolder: string): Promise<string> {
  return join(await realpath(cacheFolder).catch(() => cacheFolder), MOUNTS);
}

async function makeMountFolder(cacheFolder: string): Promise<string> {
  const root = await openPrivateFolder(cacheFolder, MOUNTS);
  for (let attempt = 0; ; attempt += 1) {
    // The number in front tells the next start whether the owner still lives.
    const folder = join(root, `${process.pid}-${attempt}`);
    try {
      await mkdir(folder, { mode: 0o700 });
      return folder;
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST' || attempt >= 100) throw asFolderError(error, folder);
    }
  }
}

/**
 * `encrcdsa` starts an encrypted image of version 2, `cdsaencr` ends one of version 1. Attaching either would put
 * up a password prompt.
 */
async function refuseEncrypted(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const [start, end] = [await textAt(file, 0), await textAt(file, Math.max(0, size - 8))];
    if (start !== 'encrcdsa' && end !== 'cdsaencr') return;
  } finally {
    await file.close();
  }
  throw new UpdateError(
    'image-encrypted',
    'The update is an encrypted disk image, which cannot be opened without a password. Nothing was changed. The release team has to publish it without encryption.',
  );
}

async function textAt(file: FileHandle, position: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, position);
  return buffer.toString('latin1', 0, bytesRead);
}

async function attach(path: string, folder: string, options: OpenImageOptions): Promise<void> {
  const { wait = waitForReal } = options;
  const args = ['attach', '-plist', '-nobrowse', '-noautoopen', '-readonly', '-mountrandom', folder, path];
  for (let attempt = 0; ; attempt += 1) {
    const result = await options.tools.run('hdiutil', args, {
      // Answers the question that a licence agreement asks; ignored where there is none.
      input: 'Y\n',
      timeout: ATTACH_TIMEOUT,
      signal: options.signal,
    });
    // A wrong password was once seen with status 0, so the text counts too (fixtures README, exit statuses).
    if (result.status === 0 && result.stdout.includes('<plist')) {
      await parseAttached(result.stdout);
      return;
    }
    const output = outputOf(result);
    const pause = TEMPORARY_FAILURE_WAITS[attempt];
    if (pause !== undefined && isTemporaryAttachFailure(output)) {
      await wait(pause);
      continue;
    }
    throw attachFailure(output);
  }
}

function attachFailure(output: string): UpdateError {
  const code = attachFailureCode(output);
  const reason = output.split('\n').findLast((line) => line.startsWith('hdiutil:')) ?? 'hdiutil said nothing';
  const sentences: Readonly<Record<string, string>> = {
    'image-encrypted':
      'The disk image asks for a password. The release team has to publish it without encryption.',
    'disk-full': 'There is not enough free space to open the disk image. Free some space and try again.',
  };
  const sentence =
    sentences[code] ?? 'The disk image is damaged or is none. The release team has to publish it again.';
  return new UpdateError(code, `${sentence} Nothing was changed. (${reason})`, { details: { output } });
}

async function closeImage(folder: string, options: Omit<OpenImageOptions, 'signal'>): Promise<void> {
  try {
    for (const device of await devicesMountedIn(folder, options.tools)) await detach(device, options);
    await removeMountFolder(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    options.warn(`A disk image stays attached at ${folder} and is detached at the next start: ${reason}`);
  }
}

/** What hdiutil says is mounted below a folder: the truth also after an attach that was cut off. */
async function devicesMountedIn(folder: string, tools: Tools): Promise<readonly string[]> {
  const { stdout } = await tools.run('hdiutil', ['info', '-plist'], { timeout: 60_000 });
  const images = await parseInfo(stdout);
  // macOS reports /tmp and /var by their real names below /private.
  const isInside = (path: string): boolean =>
    path.startsWith(`${folder}/`) || path.startsWith(`/private${folder}/`);
  return images
    .filter(({ mountPoints }) => mountPoints.some(isInside))
    .flatMap(({ device, mountPoints }) => device ?? mountPoints[0] ?? []);
}

/** Status 16 is "Resource busy", e.g. while Spotlight looks at the volume; it also happens with -force. */
async function detach(
  device: string,
  { tools, wait = waitForReal }: Omit<OpenImageOptions, 'signal'>,
): Promise<void> {
  let output = '';
  for (const force of [false, true]) {
    for (const pause of DETACH_WAITS) {
      await wait(pause);
      const result = await tools.run('hdiutil', ['detach', device, ...(force ? ['-force'] : [])], {
        timeout: 120_000,
      });
      if (result.status === 0) return;
      output = outputOf(result);
    }
  }
  throw new Error(output);
}

/** Never reaches into a mounted volume: what is still mounted has another device than its folder. */
async function removeMountFolder(folder: string): Promise<void> {
  const own = await stat(folder).catch(() => null);
  if (own === null) return;
  for (const name of await readdir(folder)) {
    const inner = await stat(join(folder, name)).catch(() => null);
    if (inner !== null && inner.dev !== own.dev) throw new Error(`${join(folder, name)} is still mounted`);
  }
  await removeTree(folder);
}
