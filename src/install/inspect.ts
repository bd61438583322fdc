import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readArchitectures } from '../bundle/architectures.ts';
import { executablePath, readBundle } from '../bundle/bundle.ts';
import { versionOfBundle } from '../bundle/bundle-version.ts';
import { UpdateError } from '../errors.ts';
import { extractImage } from '../image/read-image.ts';
import { removeTree } from '../remove-tree.ts';
import { outputOf, type Tools } from './tools.ts';

/** What an app says of itself. */
export interface AppInspection {
  readonly name: string;
  readonly bundleId: string | null;
  readonly version: string | null;
  readonly shortVersion: string | null;
  readonly bundleVersion: string | null;
  readonly minOs: string | null;
  /** As `lipo -archs` names them; null for a program that is no Mach-O. */
  readonly archs: readonly string[] | null;
  readonly signature: SignatureInspection;
}

export interface SignatureInspection {
  /** `not-checked` where codesign is not there or was not to be asked. */
  readonly state: 'valid' | 'invalid' | 'unsigned' | 'not-checked';
  readonly requirement: string | null;
  readonly message: string | null;
}

export interface InspectOptions {
  readonly tools: Tools;
  readonly checksSignature: boolean;
}

/** Size in bytes and sha256 of a file, read as a stream. */
export async function digestFile(path: string): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), async (chunks) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
    }
  });
  return { size, sha256: hash.digest('hex') };
}

/**
 * Reads what a bundle says of itself and asks codesign about it.
 *
 * @throws UpdateError `app-not-found`, `payload-incompatible`.
 */
export async function inspectApp(path: string, options: InspectOptions): Promise<AppInspection> {
  const bundle = await readBundle(path);
  const executable = executablePath(bundle);
  const isFile = executable !== null && (await lstat(executable).catch(() => null))?.isFile();
  return {
    name: basename(path),
    bundleId: bundle.bundleId,
    version: versionOfBundle(bundle),
    shortVersion: bundle.shortVersion,
    bundleVersion: bundle.bundleVersion,
    minOs: bundle.minimumSystemVersion,
    archs: executable !== null && isFile ? await readArchitectures(executable) : null,
    signature: await inspectSignature(path, options),
  };
}

/**
 * Extracts a disk image with 7-Zip into a private folder and hands it to `use`; nothing is attached, so that looking
 * at an image does not trust it.
 */
export async function withImageContents<T>(
  image: string,
  use: (folder: string, topLevel: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'nexy-inspect-'));
  try {
    await extractImage(image, folder);
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isSymbolicLink() && !entry.name.startsWith('.'));
    return await use(
      folder,
      names.map(({ name }) => name),
    );
  } finally {
    await removeTree(folder);
  }
}

async function inspectSignature(
  app: string,
  { tools, checksSignature }: InspectOptions,
): Promise<SignatureInspection> {
  if (!checksSignature || !(await tools.exists('codesign'))) {
    return { state: 'not-checked', requirement: null, message: null };
  }
  const shown = await run(tools, ['-d', '-r-', app]);
  const requirement = /^(?:# )?designated => (.+)$/m.exec(shown)?.[1]?.trim() ?? null;
  const result = await tools.run('codesign', ['--verify', '--deep', '--strict', '--verbose=2', app]);
  if (result.status === 0) return { state: 'valid', requirement, message: null };
  const message = outputOf(result).replaceAll(app, basename(app));
  const isUnsigned = /code object is not signed at all/.test(message);
  return { state: isUnsigned ? 'unsigned' : 'invalid', requirement, message };
}

async function run(tools: Tools, args: readonly string[]): Promise<string> {
  return (await tools.run('codesign', args)).stdout;
}

export function unknownKind(path: string): UpdateError {
  return new UpdateError(
    'usage',
    `${path} is neither a disk image (.dmg), a package (.pkg) nor an app (.app).`,
  );
}
