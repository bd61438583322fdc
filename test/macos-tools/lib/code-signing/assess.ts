import { isAppleRoot, subjectValue } from './certificate.ts';
import { type Code, openCode } from './code.ts';
import { CodeSigningError } from './code-signing-error.ts';
import { isMachO } from './mach-o.ts';
import { readSignature, slicesOf, verifySigner } from './signature.ts';
import { contextOf, isStapled } from './signature-context.ts';
import { verifyCode } from './verify.ts';

/** What Gatekeeper's policy says of code, in the words of spctl. */
export interface Assessment {
  readonly isAccepted: boolean;
  /** As after `source=`; null where spctl prints no such line. */
  readonly source: string | null;
  /** Common name of the signer; null for ad-hoc and unsigned code. */
  readonly origin: string | null;
  /** Words in brackets behind the verdict, or null. */
  readonly remark: string | null;
}

/** Notarization is asked of Developer ID software signed from here on (Apple's note on macOS 10.15). */
const NOTARIZATION_SINCE = Date.UTC(2019, 5, 1);
const DEVELOPER_ID_INTERMEDIATE = '1.2.840.113635.100.6.2.6';
const DEVELOPER_ID_LEAF = '1.2.840.113635.100.6.1.13';
const MAC_APP_STORE_LEAF = '1.2.840.113635.100.6.1.9';

/**
 * Judges code as `spctl --assess` does: the seal first, then who signed. Whether Apple has notarized something is
 * known here only from a stapled ticket.
 *
 * @throws CodeSigningError where the signature is broken: spctl prints that in place of a verdict
 */
export function assessCode(path: string, type: 'execute' | 'install' | 'open'): Assessment {
  const code = openCode(path);
  if (code.bundle === null && !isMachO(code.executableBytes)) return assessDocument(type);
  try {
    verifyCode(code, {
      strict: true,
      links: true,
      sideband: false,
      deep: true,
      resources: true,
      pages: true,
      architecture: null,
      onNested: () => undefined,
    });
  } catch (error) {
    if (error instanceof CodeSigningError && error.code === 'unsigned') return NO_SIGNATURE;
    throw error;
  }
  return assessSigner(code, type);
}

const NO_SIGNATURE: Assessment = {
  isAccepted: false,
  source: 'no usable signature',
  origin: null,
  remark: null,
};

/** Images and other documents cannot be signed by this set of doubles; packages are judged elsewhere. */
function assessDocument(type: 'execute' | 'install' | 'open'): Assessment {
  if (type === 'execute') throw new CodeSigningError('internal');
  return NO_SIGNATURE;
}

function assessSigner(code: Code, type: 'execute' | 'install' | 'open'): Assessment {
  const [slice = null] = slicesOf(code);
  const signature = readSignature(code, slice);
  const verified = verifySigner(signature);
  const [leaf, intermediate] = verified?.chain ?? [];
  if (leaf === undefined) return { isAccepted: false, source: null, origin: null, remark: null };
  const origin = subjectValue(leaf, 'subject.CN');
  const { isNotarized } = contextOf(code, signature);
  const isApple = isAppleRoot(verified?.chain.at(-1));
  const isDeveloperId =
    isApple &&
    intermediate?.extensions.has(DEVELOPER_ID_INTERMEDIATE) === true &&
    leaf.extensions.has(DEVELOPER_ID_LEAF);
  if (isApple && leaf.extensions.has(MAC_APP_STORE_LEAF))
    return { isAccepted: true, source: 'Mac App Store', origin, remark: null };
  if (!isDeveloperId) return { isAccepted: false, source: null, origin, remark: null };
  if (type === 'execute' && !code.isAppLike)
    return {
      isAccepted: false,
      source: null,
      origin,
      remark: 'the code is valid but does not seem to be an app',
    };
  if (isNotarized || isStapled(code))
    return { isAccepted: true, source: 'Notarized Developer ID', origin, remark: null };
  const signedAt = verified?.timestamp?.getTime() ?? Number.POSITIVE_INFINITY;
  const isOld = signedAt < NOTARIZATION_SINCE;
  return {
    isAccepted: isOld,
    source: isOld ? 'Developer ID' : 'Unnotarized Developer ID',
    origin,
    remark: null,
  };
}
