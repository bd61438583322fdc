import { createHash, timingSafeEqual, verify } from 'node:crypto';
import { buildChain, type Certificate, isIssuedBy, parseCertificate } from './certificate.ts';
import { CodeSigningError, failAs } from './code-signing-error.ts';
import {
  type Asn1,
  algorithmOf,
  childrenOfContext,
  contentOf,
  integerOf,
  isContext,
  octetsOf,
  oidOf,
  parseAsn1,
  rawOf,
  sequenceOf,
  setOf,
} from './der.ts';

/** A CMS signature whose mathematics hold. Says nothing about trust. */
export interface VerifiedSignature {
  /** From the signer's certificate up to a root, or as far as the certificates in the signature reach. */
  readonly chain: readonly Certificate[];
  /** What the signer says about the time. */
  readonly signingTime: Date | null;
  /** What a time-stamping authority says, checked. */
  readonly timestamp: Date | null;
  readonly timestampChain: readonly Certificate[];
  /** Apple's hash agility attributes: truncated cdhashes, and full ones by digest algorithm. */
  readonly cdHashes: readonly Buffer[] | null;
  readonly fullHashes: ReadonlyMap<string, Buffer> | null;
}

/** Types of CMS (RFC 5652) and of Apple's attributes. */
export const CMS_OIDS = {
  signedData: '1.2.840.113549.1.7.2',
  data: '1.2.840.113549.1.7.1',
  timestampInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  timestampToken: '1.2.840.113549.1.9.16.2.14',
  hashAgility: '1.2.840.113635.100.9.1',
  hashAgility2: '1.2.840.113635.100.9.2',
} as const;

/** Node's names of digest algorithms. */
export const DIGESTS: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Signature algorithms and the digest that each implies; null: that of the signer. */
const SIGNATURE_ALGORITHMS: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.1': null,
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.2.1': null,
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/**
 * Checks a detached CMS signature over a CodeDirectory: message digest, signature with the signer's key, every
 * certificate in it against its issuer, and the time stamp. Throws `signature` where any of it fails. Validity
 * periods are not looked at, as `codesign --verify` tolerates certificates that have run out.
 */
export function verifySignature(cms: Buffer, content: Buffer): VerifiedSignature {
  return failAs('signature', () => {
    const signed = readSignedData(parseAsn1(cms), CMS_OIDS.data, content);
    // Signers put nothing but the time stamp there, and nothing protects it.
    if ([...signed.unsigned.keys()].some((type) => type !== CMS_OIDS.timestampToken)) throw broken();
    const token = signed.unsigned.get(CMS_OIDS.timestampToken)?.[0];
    const stamp = token === undefined ? null : readTimestamp(token, signed.value);
    const time = signed.attributes.get(CMS_OIDS.signingTime)?.[0];
    const agility = signed.attributes.get(CMS_OIDS.hashAgility)?.[0];
    const agility2 = signed.attributes.get(CMS_OIDS.hashAgility2);
    return {
      chain: signed.chain,
      signingTime: time === undefined ? null : readTime(time),
      timestamp: stamp?.time ?? null,
      timestampChain: stamp?.chain ?? [],
      cdHashes: agility === undefined ? null : readHashList(octetsOf(agility)),
      fullHashes:
        agility2 === undefined
          ? null
          : new Map(
              agility2.map((entry) => {
                const [algorithm, hash] = sequenceOf(entry);
                return [oidOf(algorithm), octetsOf(hash)];
              }),
            ),
    };
  });
}

type Attributes = ReadonlyMap<string, readonly Asn1[]>;

interface SignedData {
  readonly chain: readonly Certificate[];
  readonly attributes: Attributes;
  readonly unsigned: Attributes;
  /** The signature value itself: what a time stamp is made over. */
  readonly value: Buffer;
  readonly content: Buffer;
}

function readSignedData(value: Asn1, contentType: string, detached: Buffer | null): SignedData {
  const [type, wrapped] = sequenceOf(value);
  const parts = sequenceOf(childrenOfContext(wrapped, 0)?.[0]);
  const [version, digestAlgorithms, encapsulated, ...rest] = parts;
  const [innerType, innerContent] = sequenceOf(encapsulated);
  // Version 1 for plain data, 3 for other content (RFC 5652, 5.1).
  const isVersionRight = integerOf(version).equals(Buffer.from([contentType === CMS_OIDS.data ? 1 : 3]));
  if (oidOf(type) !== CMS_OIDS.signedData || oidOf(innerType) !== contentType || !isVersionRight)
    throw broken();
  if ((innerContent === undefined) !== (detached !== null)) throw broken();
  const content = detached ?? octetsOf(childrenOfContext(innerContent, 0)?.[0]);
  const digests = setOf(digestAlgorithms).map(algorithmOf);

  const certificates: Certificate[] = [];
  let signers: readonly Asn1[] = [];
  for (const [position, part] of rest.entries()) {
    if (position === rest.length - 1) signers = setOf(part);
    else if (isContext(part, 0))
      certificates.push(...(childrenOfContext(part, 0) ?? []).map((der) => parseCertificate(rawOf(der))));
    else if (!isContext(part, 1)) throw broken();
  }
  const [signer, another] = signers;
  if (signer === undefined || another !== undefined) throw broken();
  checkCertificates(certificates);
  return readSigner(signer, { certificates, content, digests, contentType });
}

/** No certificate may be there that its issuer, when that is there too, did not sign. */
function checkCertificates(certificates: readonly Certificate[]): void {
  for (const certificate of certificates) {
    const issuers = certificates.filter((candidate) => certificate.issuer.equals(candidate.subject));
    if (issuers.length > 0 && !issuers.some((issuer) => isIssuedBy(certificate, issuer))) throw broken();
  }
}

interface SignerContext {
  readonly certificates: readonly Certificate[];
  readonly content: Buffer;
  readonly digests: readonly string[];
  readonly contentType: string;
}

function readSigner(signer: Asn1, context: SignerContext): SignedData {
  const fields = [...sequenceOf(signer)];
  const [version, identifier, digestAlgorithm] = fields;
  const leaf = context.certificates.find((certificate) => isNamedBy(certificate, identifier));
  const digestOid = algorithmOf(digestAlgorithm);
  const digest = DIGESTS[digestOid];
  const signed = isContext(fields[3], 0) ? fields.splice(3, 1)[0] : undefined;
  const [, , , algorithm, signatureField, unsigned, surplus] = fields;
  if (leaf === undefined || digest === undefined || signed === undefined || surplus !== undefined)
    throw broken();
  if (!integerOf(version).equals(Buffer.from([1])) || !context.digests.includes(digestOid)) throw broken();
  if (unsigned !== undefined && !isContext(unsigned, 1)) throw broken();

  const attributes = readAttributes(signed, 0);
  const contentType = attributes.get(CMS_OIDS.contentType)?.[0];
  const messageDigest = attributes.get(CMS_OIDS.messageDigest)?.[0];
  if (oidOf(contentType) !== context.contentType) throw broken();
  if (!areEqual(octetsOf(messageDigest), createHash(digest).update(context.content).digest())) throw broken();

  // What is signed is the SET OF form, not the implicit tag that stands in the signature (RFC 5652, 5.4).
  const signedBytes = rawOf(signed);
  signedBytes[0] = 0x31;
  const implied = SIGNATURE_ALGORITHMS[algorithmOf(algorithm)];
  const value = octetsOf(signatureField);
  if (implied === undefined || (implied !== null && implied !== digest)) throw broken();
  if (!verify(digest, signedBytes, leaf.x509.publicKey, value)) throw broken();
  return {
    chain: buildChain(leaf, context.certificates),
    attributes,
    unsigned: unsigned === undefined ? new Map() : readAttributes(unsigned, 1),
    value,
    content: context.content,
  };
}

function readTimestamp(token: Asn1, signature: Buffer): { time: Date; chain: readonly Certificate[] } {
  const signed = readSignedData(token, CMS_OIDS.timestampInfo, null);
  const [, , imprint, , time] = sequenceOf(parseAsn1(signed.content));
  const [algorithm, hash] = sequenceOf(imprint);
  const digest = DIGESTS[algorithmOf(algorithm)];
  if (digest === undefined || time === undefined) throw broken();
  if (!areEqual(octetsOf(hash), createHash(digest).update(signature).digest())) throw broken();
  return { time: readTime(time), chain: signed.chain };
}

function isNamedBy(certificate: Certificate, identifier: Asn1 | undefined): boolean {
  const [issuer, serial] = sequenceOf(identifier);
  return (
    issuer !== undefined &&
    rawOf(issuer).equals(certificate.issuer) &&
    integerOf(serial).equals(certificate.serial)
  );
}

function readAttributes(field: Asn1, tag: number): Attributes {
  const attributes = childrenOfContext(field, tag);
  if (attributes === null) throw broken();
  return new Map(
    attributes.map((attribute) => {
      const [type, values] = sequenceOf(attribute);
      return [oidOf(type), setOf(values)];
    }),
  );
}

const UTC_TIME = 23;

function readTime(value: Asn1): Date {
  const text = contentOf(value).toString('latin1');
  const century = value.idBlock.tagNumber === UTC_TIME ? (Number(text.slice(0, 2)) < 50 ? '20' : '19') : '';
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(century + text);
  if (found === null) throw broken();
  const [, year, month, day, hour, minute, second] = found.map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second));
}

/** The first agility attribute is a property list `{cdhashes: [data, …]}`; only its data are of interest. */
function readHashList(plist: Buffer): readonly Buffer[] {
  return [...plist.toString('latin1').matchAll(/<data>([^<]*)<\/data>/g)].map(([, base64]) =>
    Buffer.from(base64 ?? '', 'base64'),
  );
}

function areEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function broken(): CodeSigningError {
  return new CodeSigningError('signature');
}
