import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { UpdateError } from '../errors.ts';
import { createHttpClient, type HttpSettings } from '../http.ts';
import type { AssessPolicy } from '../manifest/assess.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { readUrl } from '../manifest/release-url.ts';
import { readStateFile, writeStateFile } from './state-file.ts';

/** More than anybody reads. */
const MAXIMUM_BYTES = 256 * 1024;
const DEADLINE = 30_000;

/** Where the notes of a version lie, and what is known of their bytes. */
export interface NotesSource {
  readonly url: string;
  /** Bytes; null where the manifest does not say. */
  readonly size: number | null;
  /** 64 hex digits in lower case; null where the manifest does not say. */
  readonly sha256: string | null;
}

const notesSchema = v.object({
  url: v.pipe(v.string(), v.nonEmpty()),
  size: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MAXIMUM_BYTES))),
  sha256: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[0-9a-f]{64}$/i),
      v.transform((text) => text.toLowerCase()),
    ),
  ),
});

/**
 * Where the notes of an accepted manifest lie: its `notes` (schema 2), else its `notes_url`. Only where an artifact
 * might lie as well: a release file of the production owner, or a host that the policy allows.
 *
 * @returns null where there are none, or none that may be fetched
 */
export function findNotes({ document, notesUrl }: Manifest, policy: AssessPolicy): NotesSource | null {
  const given = v.safeParse(notesSchema, document['notes']);
  const { url, size = null, sha256 = null } = given.success ? given.output : { url: notesUrl ?? '' };
  if (url === '') return null;
  const { href, insecurity, isHostForeign, release } = readUrl(url, policy);
  const isOwn = release === null || release.owner.toLowerCase() === policy.owner.toLowerCase();
  return href === null || insecurity !== null || isHostForeign || !isOwn ? null : { url: href, size, sha256 };
}

/**
 * Fetches notes: Markdown, and hostile until somebody sanitises it.
 *
 * @throws UpdateError `download-failed`, `size-mismatch`, `sha256-mismatch`; it costs an update nothing.
 */
export async function fetchNotes(
  { url, size, sha256 }: NotesSource,
  http: HttpSettings,
  signal: AbortSignal = AbortSignal.timeout(DEADLINE),
): Promise<string> {
  const bytes = await fetchBytes(url, http, signal).catch((cause: unknown) => {
    if (cause instanceof UpdateError) throw cause;
    throw new UpdateError('download-failed', `The release notes could not be fetched: ${cause}`, { cause });
  });
  if (size !== null && bytes.length !== size) {
    throw new UpdateError('size-mismatch', `The release notes have ${bytes.length} bytes, not ${size}.`);
  }
  if (sha256 !== null && createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new UpdateError('sha256-mismatch', 'The release notes are not those that the manifest promises.');
  }
  return new TextDecoder().decode(bytes);
}

async function fetchBytes(url: string, http: HttpSettings, signal: AbortSignal): Promise<Buffer> {
  const client = await createHttpClient(http);
  const stream = client.stream(url, { signal });
  let status = 0;
  stream.on('response', ({ statusCode }) => {
    status = statusCode;
  });
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the stream, and with it the connection.
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAXIMUM_BYTES) {
      throw new UpdateError('size-mismatch', `The release notes are longer than ${MAXIMUM_BYTES} bytes.`);
    }
    chunks.push(bytes);
  }
  if (status !== 200) {
    throw new UpdateError(
      'download-failed',
      `The release notes could not be fetched (HTTP status ${status}).`,
    );
  }
  return Buffer.concat(chunks);
}

/** Keeps the notes of one version, in place of an earlier one, so that its first start can show them. */
export async function keepNotes(stateFolder: string, version: string, text: string): Promise<void> {
  await writeStateFile(notesPath(stateFolder), { version, text });
}

/** The notes of this version, where they were kept. */
export async function readKeptNotes(stateFolder: string, version: string): Promise<string | null> {
  const { value } = await readStateFile(notesPath(stateFolder));
  const kept = v.safeParse(v.object({ version: v.literal(version), text: v.string() }), value);
  return kept.success ? kept.output.text : null;
}

function notesPath(stateFolder: string): string {
  return join(stateFolder, 'release-notes.json');
}
