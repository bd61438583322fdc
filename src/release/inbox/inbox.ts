import { join } from 'node:path';
import { systemErrorCode, UpdateError } from '../../errors.ts';
import { type DownloadProgress, ProgressMeter } from '../../progress.ts';
import { type AssetName, type AssetSource, contentTypeOf, LONGEST_NOTES } from '../asset.ts';
import { type ArtifactInspection, type ArtifactName, inspectArtifact } from './inspect-artifact.ts';
import {
  type InspectedPayload,
  judgePayloads,
  type PayloadExpectation,
  type PublishedArchitecture,
} from './judge-payloads.ts';
import { PinnedFile } from './pinned-file.ts';

/** The files of a build, checked, and held open until they are published. */
export interface Inbox {
  /** In the order DMG, PKG, notes. */
  readonly assets: readonly AssetSource[];
  /** Text of LATEST_CHANGES.md. */
  readonly notes: string;
  /** Of the payload, else what was given; null where nobody says. */
  readonly minimumOs: string | null;
  readonly architecture: PublishedArchitecture | null;
  /** The payload's CFBundleVersion where that is a whole number; else null. */
  readonly buildNumber: number | null;
  /** Sentences for a person. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface InboxOptions extends PayloadExpectation {
  /** Told at most ten times a second while the files are hashed, over all of them. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  /**
   * How to look into a file by its descriptor; in this process when left out. 7-Zip takes some 50 MB that a process does
   * not give back, so who has to stay small has it done by a process of its own.
   */
  readonly inspect?: (
    name: ArtifactName,
    descriptor: number,
    signal?: AbortSignal,
  ) => Promise<ArtifactInspection>;
}

const ARTIFACTS = ['Nexy.dmg', 'Nexy.pkg'] as const satisfies readonly ArtifactName[];
const NOTES = 'LATEST_CHANGES.md';
const NAMES: readonly AssetName[] = [...ARTIFACTS, NOTES];

/** "Each file included in a release must be under 2 GiB" (GitHub Docs, "About releases"). */
const LARGEST_ASSET_BYTES = 2 * 1024 ** 3 - 1;

/**
 * Reads the folder that a build leaves its files in: opens each once, hashes it in one pass, looks inside, and keeps
 * it open, so that what is uploaded is what was checked.
 *
 * @throws UpdateError `inbox-incomplete` when a file is missing, empty, too large or no file; `bundle-id-mismatch`,
 *   `bundle-version-mismatch`, `bundle-minimum-mismatch`; for what clients refuse anyway `image-encrypted`,
 *   `payload-not-found`, `payload-ambiguous`, `payload-incompatible`; `usage` for a `minimumOs` that is no version;
 *   `asset-conflict` when a file changes meanwhile; `cancelled`
 */
export async function readInbox(folder: string, options: InboxOptions): Promise<Inbox> {
  const files = new Map<AssetName, PinnedFile>();
  const close = async (): Promise<void> => {
    for (const file of files.values()) await file.close();
    files.clear();
  };
  try {
    for (const name of NAMES) {
      const file = await openFile(join(folder, name));
      if (file !== null) files.set(name, file);
    }
    const missing = assertComplete(folder, files);
    const assets = await hashFiles(files, options);
    const notes = await readNotes(folder, files.get(NOTES));
    const { payloads, warnings } = await inspectFiles(files, options);
    const judgement = judgePayloads(payloads, options);
    return {
      assets,
      notes,
      minimumOs: judgement.minimumOs,
      architecture: judgement.architecture,
      buildNumber: judgement.buildNumber,
      warnings: [...missing, ...warnings, ...judgement.warnings],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFile(path: string): Promise<PinnedFile | null> {
  try {
    return await PinnedFile.open(path);
  } catch (error) {
    if (error instanceof UpdateError) throw error;
    const code = systemErrorCode(error);
    // open(2) says ELOOP, or EMLINK on some systems, for a link that must not be followed.
    const reason =
      code === 'ELOOP' || code === 'EMLINK'
        ? 'is a link, and only what lies in the inbox itself is published'
        : `cannot be read (${code})`;
    throw incomplete(`${path} ${reason}.`, 'Put the file itself there.', { path }, error);
  }
}

/** @returns a warning where one of the two artifacts is missing: both is the norm */
function assertComplete(folder: string, files: ReadonlyMap<AssetName, PinnedFile>): readonly string[] {
  const missing = NAMES.filter((name) => !files.has(name));
  const hasArtifact = ARTIFACTS.some((name) => files.has(name));
  if (!hasArtifact || missing.includes(NOTES)) {
    const lacking = hasArtifact ? NOTES : missing.includes(NOTES) ? missing.join(', ') : ARTIFACTS.join(', ');
    throw incomplete(
      `The inbox ${folder} lacks ${lacking}.`,
      `It has to hold ${NOTES} and at least one of ${ARTIFACTS.join(' and ')}.`,
      { folder, missing },
    );
  }
  for (const [name, { size }] of files) {
    if (size === 0)
      throw incomplete(`${name} in ${folder} is empty.`, 'Let the build finish.', { asset: name });
    if (size > LARGEST_ASSET_BYTES)
      throw incomplete(
        `${name} in ${folder} has ${size} bytes, and GitHub takes only files of less than 2 GiB.`,
        'Make it smaller.',
        { asset: name, size },
      );
  }
  return missing.map(
    (name) => `There is no ${name} in the inbox: this version is published without it. Both is the norm.`,
  );
}

async function hashFiles(
  files: ReadonlyMap<AssetName, PinnedFile>,
  { onProgress, signal }: InboxOptions,
): Promise<readonly AssetSource[]> {
  const total = [...files.values()].reduce((sum, { size }) => sum + size, 0);
  const meter = new ProgressMeter(total, 0, () => performance.now(), onProgress ?? (() => undefined));
  const assets: AssetSource[] = [];
  let done = 0;
  for (const [name, file] of files) {
    const sha256 = await file.hash((bytes) => {
      throwIfCancelled(signal);
      done += bytes;
      meter.move(done);
    });
    const contentType = contentTypeOf(name);
    assets.push({ name, size: file.size, sha256, contentType, openStream: () => file.stream() });
  }
  meter.finish();
  return assets;
}

async function readNotes(folder: string, file: PinnedFile | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  // Four bytes are the most that a character takes in UTF-8.
  if (file !== undefined && file.size <= 4 * LONGEST_NOTES) {
    for await (const piece of file.stream()) pieces.push(Buffer.from(piece));
  }
  const bytes = Buffer.concat(pieces);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw incomplete(`${NOTES} in ${folder} is not UTF-8 text.`, 'Save it as UTF-8.', {}, error);
  }
  if (bytes.length === 0 || text.length > LONGEST_NOTES)
    throw incomplete(
      `${NOTES} in ${folder} is too long: GitHub takes notes of at most ${LONGEST_NOTES} characters.`,
      'Shorten it, or link to the rest.',
    );
  if (text.trim() === '' || text.includes('\0'))
    throw incomplete(`${NOTES} in ${folder} holds no text.`, 'Write what is new in this version.');
  return text;
}

async function inspectFiles(
  files: ReadonlyMap<AssetName, PinnedFile>,
  { inspect = inspectOpenFile, signal }: InboxOptions,
): Promise<{ readonly payloads: readonly InspectedPayload[]; readonly warnings: readonly string[] }> {
  const payloads: InspectedPayload[] = [];
  const warnings: string[] = [];
  for (const name of ARTIFACTS) {
    const file = files.get(name);
    if (file === undefined) continue;
    throwIfCancelled(signal);
    const inspection = await inspect(name, file.descriptor, signal);
    if (inspection.isReadable) {
      payloads.push({ name, payload: inspection.payload });
      warnings.push(...inspection.warnings);
    } else {
      const kind = name === 'Nexy.dmg' ? 'a disk image' : 'a package';
      warnings.push(
        `NOBODY KNOWS WHAT IS IN ${name}: it cannot be read as ${kind} (${inspection.reason}). Its version was not checked, and clients may refuse it.`,
      );
    }
  }
  return { payloads, warnings };
}

/** Opens the very file that is held open, whatever lies at its path by now. */
function inspectOpenFile(name: ArtifactName, descriptor: number): Promise<ArtifactInspection> {
  return inspectArtifact(name, `/dev/fd/${descriptor}`);
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new UpdateError('cancelled', 'Cancelled while the files were read. Nothing was published.');
}

function incomplete(
  what: string,
  advice: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): UpdateError {
  return new UpdateError('inbox-incomplete', `${what} Nothing was published. ${advice}`, {
    details,
    ...(cause === undefined ? {} : { cause }),
  });
}
