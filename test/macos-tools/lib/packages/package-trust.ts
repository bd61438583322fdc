import { createHash, type KeyObject, verify } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readXarTable, type XarSignature, type XarTable } from '../../../../src/image/xar-table.ts';
import {
  buildChain,
  type Certificate,
  isAppleRoot,
  isSelfSigned,
  parseCertificate,
  subjectValue,
} from '../code-signing/certificate.ts';
import { readMachine } from '../tool.ts';

/** How far a package's signature is trusted. */
export type TrustKind =
  | 'none'
  | 'invalid'
  | 'untrusted'
  | 'expired'
  /** By a root that somebody put on this Mac. */
  | 'trusted'
  | 'apple-software'
  | 'developer-id';

export interface PackageTrust {
  readonly kind: TrustKind;
  /** Leaf first; empty where there is none. */
  readonly chain: readonly Certificate[];
  /** Known here only from a ticket that is stapled to the package. */
  readonly isNotarized: boolean;
}

const INTERMEDIATE_MARK = '1.2.840.113635.100.6.2.6';
const INSTALLER_MARK = '1.2.840.113635.100.6.1.14';
const LARGEST_PART = 64 * 1024;

/**
 * Checks who signed a package: the checksum of the table of contents, the RSA signature over it, the certificates.
 * What the table says of the members is checked by who unpacks them. A signature that is only there as CMS
 * (`x-signature`) is not looked at.
 *
 * @throws what `readXarTable` throws where it is no flat package
 */
export async function judgePackageTrust(path: string, now = new Date()): Promise<PackageTrust> {
  const table = await readXarTable(path);
  const isNotarized = isStapled(path);
  const signature = table.signatures.find(({ style }) => style === 'RSA');
  if (signature === undefined) return { kind: 'none', chain: [], isNotarized };
  const certificates = signature.certificates.map(({ raw }) => parseCertificate(Buffer.from(raw)));
  const [leaf] = certificates;
  if (leaf === undefined || !isSound(path, table, signature, leaf.x509.publicKey))
    return { kind: 'invalid', chain: [], isNotarized };
  const chain = buildChain(leaf, certificates);
  return { kind: judgeChain(chain, now), chain, isNotarized };
}

function isSound(path: string, table: XarTable, signature: XarSignature, key: KeyObject): boolean {
  const { style, offset, size } = table.checksum;
  if (!['sha1', 'sha256', 'sha512'].includes(style) || size > LARGEST_PART || signature.size > LARGEST_PART)
    return false;
  const checksum = read(path, table.heapOffset + offset, size);
  if (!createHash(style).update(table.packed).digest().equals(checksum)) return false;
  const value = read(path, table.heapOffset + signature.offset, signature.size);
  return key.asymmetricKeyType === 'rsa' && verify(style, table.packed, key, value);
}

function judgeChain(chain: readonly Certificate[], now: Date): TrustKind {
  const [leaf, intermediate] = chain;
  const root = chain.at(-1);
  if (leaf === undefined || root === undefined || !isSelfSigned(root)) return 'untrusted';
  const fingerprint = createHash('sha256').update(root.der).digest('hex');
  const isApple = isAppleRoot(root);
  if (!isApple && readMachine().trustedRoots?.includes(fingerprint) !== true) return 'untrusted';
  if (chain.some(({ x509 }) => x509.validToDate < now)) return 'expired';
  if (chain.some(({ x509 }) => x509.validFromDate > now)) return 'untrusted';
  if (!isApple) return 'trusted';
  if (subjectValue(leaf, 'subject.CN') === 'Software Update') return 'apple-software';
  const isDeveloperId =
    leaf.extensions.has(INSTALLER_MARK) && intermediate?.extensions.has(INTERMEDIATE_MARK) === true;
  return isDeveloperId ? 'developer-id' : 'untrusted';
}

/** The last 16 bytes of a stapled package say `t8lr`, and that a ticket (2) of so many bytes lies before them. */
function isStapled(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const trailer = Buffer.alloc(16);
    if (size < 32 || readSync(file, trailer, 0, 16, size - 16) !== 16) return false;
    return (
      trailer.toString('latin1', 0, 4) === 't8lr' &&
      trailer.readUInt16LE(6) === 2 &&
      trailer.readUInt32LE(8) > 0
    );
  } finally {
    closeSync(file);
  }
}

function read(path: string, position: number, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, position));
  } finally {
    closeSync(file);
  }
}
