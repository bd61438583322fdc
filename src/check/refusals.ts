import { join } from 'node:path';
import type { Version } from '../version.ts';
import { isSameVersion, readVersion } from '../version.ts';
import { readStateFile, type StateWarning, setDamagedFileAside, writeStateFile } from './state-file.ts';

/** Bytes whose payload is of another version than the manifest said. True for as long as the bytes exist. */
interface PayloadMismatch {
  readonly sha256: string;
  readonly kind: 'payload-version-mismatch';
  /** The versions that the payload calls itself. */
  readonly contains: readonly string[];
  /** ISO 8601. */
  readonly rememberedAt: string;
}

/** Bytes that were installed and did not come up. The cause may lie elsewhere, so this one wears off. */
export interface FailedStart {
  readonly sha256: string;
  readonly kind: 'failed-start';
  /** ISO 8601. */
  readonly rememberedAt: string;
}

export type Refusal = PayloadMismatch | FailedStart;

/** How long a failed start holds back automatic checks (DESIGN.md section 6, step 8). */
export const FAILED_START_DAYS = 7;

const DAY = 24 * 60 * 60 * 1000;

/** The record that holds this offer back, or null. A manual check passes over failed starts only. */
export function findRefusal(
  refusals: readonly Refusal[],
  offer: { readonly sha256: string; readonly version: Version },
  { now, isManual }: { readonly now: Date; readonly isManual: boolean },
): Refusal | null {
  const own = refusals.filter(({ sha256 }) => sha256 === offer.sha256.toLowerCase());
  const mismatch = own.find(
    (refusal) => refusal.kind === 'payload-version-mismatch' && !holds(refusal, offer.version),
  );
  if (mismatch !== undefined) return mismatch;
  const failed = own.find((refusal) => refusal.kind === 'failed-start' && !isExpired(refusal, now));
  return isManual || failed === undefined ? null : failed;
}

function holds({ contains }: PayloadMismatch, version: Version): boolean {
  return contains.some((text) => {
    const contained = readVersion(text);
    return contained !== null && isSameVersion(contained, version);
  });
}

/** A date far in the future comes from a clock that was wrong, and must not hold for longer either. */
function isExpired({ rememberedAt }: FailedStart, now: Date): boolean {
  return !(Math.abs(now.getTime() - Date.parse(rememberedAt)) < FAILED_START_DAYS * DAY);
}

/**
 * The refusals kept under a state folder. A missing file is none; a damaged one, or a damaged record, is
 * passed over with a warning, because losing it costs at most one more download.
 */
export async function readRefusals(
  stateFolder: string,
): Promise<{ readonly refusals: readonly Refusal[]; readonly warnings: readonly StateWarning[] }> {
  const path = refusalsPath(stateFolder);
  const { value, warnings } = await readStateFile(path);
  if (value === undefined) return { refusals: [], warnings };
  const listed = Array.isArray(value) ? value : [];
  const read = await parseRefusals(listed);
  const isWhole = Array.isArray(value) && read.length === listed.length;
  const warning = `${path} is damaged. What could be read of it still holds back updates; the rest may be downloaded once more.`;
  return { refusals: read, warnings: isWhole ? warnings : [...warnings, warning] };
}

/** Adds one refusal for good (or for its 7 days), in place of an older one of its kind for the same bytes. */
export async function rememberRefusal(
  stateFolder: string,
  refusal: Refusal,
  now = new Date(),
): Promise<void> {
  const path = refusalsPath(stateFolder);
  const { refusals, warnings } = await readRefusals(stateFolder);
  if (warnings.length > 0) await setDamagedFileAside(path);
  const fresh = { ...refusal, sha256: refusal.sha256.toLowerCase() };
  const kept = refusals.filter((old) => {
    if (old.kind === 'failed-start' && isExpired(old, now)) return false;
    return old.sha256 !== fresh.sha256 || old.kind !== fresh.kind;
  });
  await writeStateFile(path, [...kept, fresh]);
}

function refusalsPath(stateFolder: string): string {
  return join(stateFolder, 'refusals.json');
}

async function parseRefusals(records: readonly unknown[]): Promise<readonly Refusal[]> {
  const v = await import('valibot');
  const common = {
    sha256: v.pipe(v.string(), v.toLowerCase(), v.regex(/^[0-9a-f]{64}$/)),
    rememberedAt: v.pipe(
      v.string(),
      v.check((text) => !Number.isNaN(Date.parse(text))),
    ),
  };
  const schema = v.variant('kind', [
    v.object({ kind: v.literal('payload-version-mismatch'), contains: v.array(v.string()), ...common }),
    v.object({ kind: v.literal('failed-start'), ...common }),
  ]);
  return records.flatMap((record) => {
    const result = v.safeParse(schema, record);
    return result.success ? [result.output] : [];
  });
}
