import { closeSync, openSync, readSync } from 'node:fs';
import type { Assessment } from '../code-signing/assess.ts';
import { subjectValue } from '../code-signing/certificate.ts';
import { CodeSigningError } from '../code-signing/code-signing-error.ts';
import { judgePackageTrust, type TrustKind } from './package-trust.ts';

/** Whether a file is a flat package, by its first four bytes. */
export function isPackage(path: string): boolean {
  const head = Buffer.alloc(4);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, head, 0, 4, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  return head.toString('latin1') === 'xar!';
}

/**
 * Judges a package as `spctl --assess --type install` does.
 *
 * @throws CodeSigningError `internal` for a torn signature (spctl__install-internal-error-pkg.txt)
 */
export async function assessPackage(path: string): Promise<Assessment> {
  const { kind, chain, isNotarized } = await judgePackageTrust(path);
  if (kind === 'invalid') throw new CodeSigningError('internal');
  const [leaf] = chain;
  return {
    ...VERDICTS[kind === 'developer-id' && isNotarized ? 'notarized' : kind],
    origin: leaf === undefined ? null : subjectValue(leaf, 'subject.CN'),
    remark: null,
  };
}

type Verdict = Pick<Assessment, 'isAccepted' | 'source'>;

/** Recorded: Apple's own. The others are in the words of the same verdicts about apps. */
const VERDICTS: Readonly<Record<Exclude<TrustKind, 'invalid'> | 'notarized', Verdict>> = {
  none: { isAccepted: false, source: 'no usable signature' },
  untrusted: { isAccepted: false, source: null },
  expired: { isAccepted: false, source: null },
  trusted: { isAccepted: false, source: null },
  'apple-software': { isAccepted: true, source: 'Apple Installer' },
  'developer-id': { isAccepted: false, source: 'Unnotarized Developer ID' },
  notarized: { isAccepted: true, source: 'Notarized Developer ID' },
};
