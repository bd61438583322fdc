import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import {
  Boolean as Asn1Boolean,
  Set as Asn1Set,
  BitString,
  Constructed,
  fromBER,
  Integer,
  Null,
  ObjectIdentifier,
  OctetString,
  PrintableString,
  Sequence,
  UTCTime,
  Utf8String,
} from 'asn1js';
import type { Identity } from '../macos-tools/lib/code-signing/keychain.ts';

export type { Identity };

/** What the pretended Apple, or somebody who only uses its names, certifies with. */
export interface Authority {
  readonly root: Issuer;
  readonly intermediate: Issuer;
  /** SHA-256 of the root's certificate in hex: what a machine.json calls `appleRoots`. */
  readonly fingerprint: string;
}

interface Issuer {
  readonly name: Sequence;
  readonly key: KeyObject;
  readonly der: Buffer;
}

export interface IdentityPlan {
  /** `application` signs apps, `installer` signs packages. */
  readonly kind: 'application' | 'installer';
  /** The team's name; `Nexy Ltd` when left out. */
  readonly name?: string;
  /** Ten capital letters and digits. */
  readonly team: string;
  readonly authority: Authority;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** Marks of Apple's certificates (Apple's "Developer ID Certification Practice Statement", 1.2.840.113635.100.6). */
const DEVELOPER_ID_INTERMEDIATE = '1.2.840.113635.100.6.2.6';
const LEAVES = {
  application: { mark: '1.2.840.113635.100.6.1.13', title: 'Developer ID Application' },
  installer: { mark: '1.2.840.113635.100.6.1.14', title: 'Developer ID Installer' },
} as const;
const FIELDS = {
  UID: '0.9.2342.19200300.100.1.1',
  CN: '2.5.4.3',
  OU: '2.5.4.11',
  O: '2.5.4.10',
  C: '2.5.4.6',
};
const BASIC_CONSTRAINTS = '2.5.29.19';
const [VALID_FROM, VALID_UNTIL] = [new Date('2020-01-01T00:00:00Z'), new Date('2045-01-01T00:00:00Z')];

/** Makes a root and an intermediate that are named like Apple's. */
export function makeAuthority(): Authority {
  const keys = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const [rootKeys, keysBelow] = [keys(), keys()];
  const rootName = nameOf({
    CN: 'Apple Root CA',
    OU: 'Apple Certification Authority',
    O: 'Apple Inc.',
    C: 'US',
  });
  const name = nameOf({
    CN: 'Developer ID Certification Authority',
    OU: 'Apple Certification Authority',
    O: 'Apple Inc.',
    C: 'US',
  });
  const period = { notBefore: VALID_FROM, notAfter: VALID_UNTIL };
  const signer = { name: rootName, key: rootKeys.privateKey };
  const root = certify(
    { ...period, subject: rootName, key: rootKeys.publicKey, isAuthority: true, marks: [] },
    signer,
  );
  const below = certify(
    {
      ...period,
      subject: name,
      key: keysBelow.publicKey,
      isAuthority: true,
      marks: [DEVELOPER_ID_INTERMEDIATE],
    },
    signer,
  );
  return {
    root: { ...signer, der: root },
    intermediate: { name, key: keysBelow.privateKey, der: below },
    fingerprint: createHash('sha256').update(root).digest('hex'),
  };
}

/** Makes a key and a chain like those that Apple gives to a team. */
export function makeIdentity(plan: IdentityPlan): Identity {
  const { authority, team, name: teamName = 'Nexy Ltd' } = plan;
  const { mark, title } = LEAVES[plan.kind];
  const name = `${title}: ${teamName} (${team})`;
  // Packages are signed with RSA only.
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const leaf = certify(
    {
      subject: nameOf({ UID: team, CN: name, OU: team, O: teamName, C: 'US' }),
      key: keys.publicKey,
      isAuthority: false,
      marks: [mark],
      notBefore: plan.notBefore ?? VALID_FROM,
      notAfter: plan.notAfter ?? VALID_UNTIL,
    },
    authority.intermediate,
  );
  return { name, team, key: keys.privateKey, chain: [leaf, authority.intermediate.der, authority.root.der] };
}

/** Writes identities into a file that the `codesign` double takes with `--keychain`. */
export function writeKeychain(path: string, identities: readonly Identity[]): string {
  const text = identities.map(({ key, chain }) => [
    key.export({ format: 'pem', type: 'pkcs8' }),
    ...chain.map(
      (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
    ),
  ]);
  writeFileSync(path, text.flat().join(''), { mode: 0o600 });
  return path;
}

interface CertificatePlan {
  readonly subject: Sequence;
  readonly key: KeyObject;
  readonly isAuthority: boolean;
  readonly marks: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** An X.509 certificate (RFC 5280, 4.1), signed with ECDSA and SHA-256. */
function certify(plan: CertificatePlan, issuer: Pick<Issuer, 'name' | 'key'>): Buffer {
  const algorithm = () => new Sequence({ value: [new ObjectIdentifier({ value: '1.2.840.10045.4.3.2' })] });
  const publicKey = fromBER(Uint8Array.from(plan.key.export({ format: 'der', type: 'spki' }))).result;
  const serial = randomBytes(16);
  serial[0] = 0x2a;
  const time = (valueDate: Date) => new UTCTime({ valueDate });
  const extensions = [
    extension(
      BASIC_CONSTRAINTS,
      new Sequence({ value: plan.isAuthority ? [new Asn1Boolean({ value: true })] : [] }),
    ),
    ...plan.marks.map((mark) => extension(mark, new Null())),
  ];
  const contents = new Sequence({
    value: [
      context(0, new Integer({ value: 2 })),
      new Integer({ valueHex: Uint8Array.from(serial).buffer }),
      algorithm(),
      issuer.name,
      new Sequence({ value: [time(plan.notBefore), time(plan.notAfter)] }),
      plan.subject,
      publicKey,
      context(3, new Sequence({ value: extensions })),
    ],
  });
  const signature = sign('sha256', Buffer.from(contents.toBER()), issuer.key);
  const whole = new Sequence({
    value: [contents, algorithm(), new BitString({ valueHex: Uint8Array.from(signature).buffer })],
  });
  return Buffer.from(whole.toBER());
}

function extension(id: string, value: Sequence | Null): Sequence {
  return new Sequence({
    value: [
      new ObjectIdentifier({ value: id }),
      new Asn1Boolean({ value: true }),
      new OctetString({ valueHex: value.toBER() }),
    ],
  });
}

function context(tag: number, inner: Sequence | Integer): Constructed {
  return new Constructed({ idBlock: { tagClass: 3, tagNumber: tag }, value: [inner] });
}

function nameOf(fields: Readonly<Partial<Record<keyof typeof FIELDS, string>>>): Sequence {
  const value = Object.entries(fields).map(([field, text]) => {
    const type = new ObjectIdentifier({ value: FIELDS[field as keyof typeof FIELDS] });
    const content = field === 'C' ? new PrintableString({ value: text }) : new Utf8String({ value: text });
    return new Asn1Set({ value: [new Sequence({ value: [type, content] })] });
  });
  return new Sequence({ value });
}
