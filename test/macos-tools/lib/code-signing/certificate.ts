import { createHash, X509Certificate } from 'node:crypto';
import {
  type Asn1,
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
import { pretendedAppleRoots } from './machine-policy.ts';

/** What code requirements ask of a certificate. */
export interface Certificate {
  readonly der: Buffer;
  readonly x509: X509Certificate;
  readonly sha1: Buffer;
  /** Raw names and serial number: how a CMS signer points at its certificate. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly serial: Buffer;
  /** Values of the subject by dotted attribute type, in order. */
  readonly subjectValues: ReadonlyMap<string, readonly string[]>;
  readonly extensions: ReadonlySet<string>;
  readonly policies: ReadonlySet<string>;
}

/** SHA-256 fingerprints of the roots that `anchor apple generic` means: Apple Root CA, - G2, - G3. */
const APPLE_ROOTS: ReadonlySet<string> = new Set([
  'b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024',
  'c2b9b042dd57830e7d117dac55ac8ae19407d38e41d88f3215bc3a890444a050',
  '63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179',
]);

/** Attribute types by the names that requirements use (`subject.CN`). */
export const SUBJECT_OIDS: Readonly<Record<string, string>> = {
  'subject.C': '2.5.4.6',
  'subject.CN': '2.5.4.3',
  'subject.D': '2.5.4.13',
  'subject.L': '2.5.4.7',
  'subject.O': '2.5.4.10',
  'subject.OU': '2.5.4.11',
  'subject.ST': '2.5.4.8',
  'subject.STREET': '2.5.4.9',
  'subject.UID': '0.9.2342.19200300.100.1.1',
};
const CERTIFICATE_POLICIES = '2.5.29.32';

/** Reads a DER certificate. Throws where it is none. */
export function parseCertificate(der: Buffer): Certificate {
  const x509 = new X509Certificate(der);
  const fields = [...sequenceOf(sequenceOf(parseAsn1(der))[0])];
  if (isContext(fields[0], 0)) fields.shift();
  const [serial, , issuer, , subject] = fields;
  if (serial === undefined || issuer === undefined || subject === undefined)
    throw new Error('The certificate has no subject');
  const extensions = new Map<string, Buffer>();
  for (const field of fields)
    for (const extension of sequenceOf(childrenOfContext(field, 3)?.[0] ?? EMPTY)) {
      const parts = sequenceOf(extension);
      extensions.set(oidOf(parts[0]), octetsOf(parts.at(-1)));
    }
  return {
    der,
    x509,
    sha1: createHash('sha1').update(der).digest(),
    issuer: rawOf(issuer),
    subject: rawOf(subject),
    serial: integerOf(serial),
    subjectValues: readName(subject),
    extensions: new Set(extensions.keys()),
    policies: readPolicies(extensions.get(CERTIFICATE_POLICIES)),
  };
}

/** First value of a name like `subject.CN`, or null. */
export function subjectValue(certificate: Certificate, key: string): string | null {
  return certificate.subjectValues.get(SUBJECT_OIDS[key] ?? '')?.[0] ?? null;
}

/** Whether a certificate is one of Apple's own roots. */
export function isAppleRoot(certificate: Certificate | undefined): boolean {
  if (certificate === undefined) return false;
  const fingerprint = createHash('sha256').update(certificate.der).digest('hex');
  return APPLE_ROOTS.has(fingerprint) || pretendedAppleRoots().has(fingerprint);
}

/** Whether a certificate is a root: it signed itself. */
export function isSelfSigned(certificate: Certificate | undefined): boolean {
  return certificate !== undefined && isIssuedBy(certificate, certificate);
}

/** Whether `issuer` signed `certificate`. Validity periods are not looked at: codesign does not either. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return certificate.issuer.equals(issuer.subject) && certificate.x509.verify(issuer.x509.publicKey);
}

/** The chain from a leaf up to a root, or as far as the certificates reach. */
export function buildChain(leaf: Certificate, pool: readonly Certificate[]): readonly Certificate[] {
  const chain = [leaf];
  for (let last = leaf; !last.issuer.equals(last.subject); ) {
    const issuer = pool.find((candidate) => !chain.includes(candidate) && isIssuedBy(last, candidate));
    if (issuer === undefined) break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}

const EMPTY: Asn1 = parseAsn1(Buffer.from([0x30, 0x00]));

function readName(name: Asn1): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const set of sequenceOf(name))
    for (const attribute of setOf(set)) {
      const [type, value] = sequenceOf(attribute);
      const list = values.get(oidOf(type)) ?? [];
      list.push(readString(value));
      values.set(oidOf(type), list);
    }
  return values;
}

const BMP_STRING = 30;

function readString(value: Asn1 | undefined): string {
  const bytes = contentOf(value);
  return value?.idBlock.tagNumber === BMP_STRING
    ? Buffer.from(bytes).swap16().toString('utf16le')
    : bytes.toString('utf8');
}

function readPolicies(extension: Buffer | undefined): ReadonlySet<string> {
  if (extension === undefined) return new Set();
  return new Set(sequenceOf(parseAsn1(extension)).map((policy) => oidOf(sequenceOf(policy)[0])));
}
