import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readStateFile, type StateWarning, writeStateFile } from './state-file.ts';

/** What a server said last at one URL. Nothing is judged here: a manifest that is refused is kept like any. */
export interface KnownAnswer {
  readonly etag: string;
  readonly bytes: Uint8Array;
}

/**
 * The last answer for a URL, or null. The body is checked against the digest kept with it: a damaged one would
 * otherwise be confirmed by every 304.
 */
export async function readKnownAnswer(
  stateFolder: string,
  url: string,
): Promise<{ readonly known: KnownAnswer | null; readonly warnings: readonly StateWarning[] }> {
  const path = answerPath(stateFolder, url);
  const { value, warnings } = await readStateFile(path);
  if (value === undefined) return { known: null, warnings };
  const v = await import('valibot');
  const schema = v.object({ url: v.literal(url), etag: v.string(), sha256: v.string(), body: v.string() });
  const result = v.safeParse(schema, value);
  if (result.success) {
    const { etag, sha256, body } = result.output;
    const bytes = Buffer.from(body, 'base64');
    if (digest(bytes) === sha256) return { known: { etag, bytes }, warnings };
  }
  return { known: null, warnings: [...warnings, `${path} is damaged; the manifest is fetched as a whole.`] };
}

/** Keeps an answer in place of the one before, in one atomic step. */
export async function keepAnswer(stateFolder: string, url: string, answer: KnownAnswer): Promise<void> {
  const { etag, bytes } = answer;
  const body = Buffer.from(bytes).toString('base64');
  await writeStateFile(answerPath(stateFolder, url), { url, etag, sha256: digest(bytes), body });
}

function answerPath(stateFolder: string, url: string): string {
  return join(stateFolder, 'manifests', `${digest(Buffer.from(url)).slice(0, 32)}.json`);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
