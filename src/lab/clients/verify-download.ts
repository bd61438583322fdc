import { createHash, verify } from 'node:crypto';
import type { ClientSpec } from '../scenario/scenario.ts';
import type { LabWorld } from './client.ts';
import { endCheck } from './run-check.ts';
import { showValue } from './show-value.ts';

type Rules = Pick<Extract<ClientSpec, { model: 'manifest' }>, 'verifies' | 'hasKey'>;
type Check = Rules['verifies'][number];
/** The manifest's `artifact`: whatever it was given. */
type Artifact = Readonly<Record<string, unknown>>;

/**
 * Compares what was downloaded with what the manifest says of it, in the client's order, each where the manifest has
 * it. The first that does not fit ends the check.
 */
export function verifyDownload(
  bytes: Uint8Array,
  artifact: Artifact,
  { verifies, hasKey }: Rules,
  { publicKey, trace }: Pick<LabWorld, 'publicKey' | 'trace'>,
): void {
  for (const check of verifies) {
    const given = artifact[check];
    if (!isGiven(given)) {
      trace({ kind: 'step', text: `${check}: the manifest gives none, so nothing is compared` });
      continue;
    }
    if (check === 'ed25519' && !hasKey) {
      trace({ kind: 'step', text: 'ed25519: passed over, since this client knows no key' });
      continue;
    }
    const mismatch = CHECKS[check](bytes, given, publicKey);
    if (mismatch !== null) {
      const message = `${mismatch} The download is deleted; the next check begins from zero.`;
      throw endCheck('failed', REASONS[check], message);
    }
    trace({ kind: 'step', text: `${check}: as the manifest says` });
  }
}

const REASONS = {
  size: 'size-mismatch',
  sha256: 'sha256-mismatch',
  ed25519: 'signature-invalid',
} as const satisfies Record<Check, string>;

const CHECKS: Readonly<
  Record<Check, (bytes: Uint8Array, given: unknown, publicKey: string) => string | null>
> = {
  size: ({ byteLength }, given) =>
    given === byteLength
      ? null
      : `${byteLength} bytes were downloaded, and the manifest says ${showValue(given)}.`,
  sha256: (bytes, given) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    return typeof given === 'string' && given.toLowerCase() === digest
      ? null
      : 'The sha256 of the download is another than the one in the manifest.';
  },
  ed25519: (bytes, given, publicKey) =>
    typeof given === 'string' && verify(null, bytes, publicKey, Buffer.from(given, 'base64'))
      ? null
      : 'The ed25519 signature in the manifest is not one of these bytes.',
};

/** Absent, null, empty and 0 alike, as a condition of Python's has it [a guess about the old client]. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== 0;
}
