import { createHash, sign } from 'node:crypto';
import {
  Set as Asn1Set,
  type BaseBlock,
  Constructed,
  Integer,
  Null,
  ObjectIdentifier,
  OctetString,
  Sequence,
  UTCTime,
} from 'asn1js';
import { parseCertificate } from './certificate.ts';
import { CMS_OIDS } from './cms.ts';
import { parseAsn1 } from './der.ts';
import type { Identity } from './keychain.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const RSA = '1.2.840.113549.1.1.1';

/**
 * Makes the CMS signature of a CodeDirectory as Apple's signer does (RFC 5652, detached), with the hash agility
 * attributes, without a time stamp.
 *
 * @param directory the only CodeDirectory, hashed with SHA-256
 */
export function makeCmsSignature(directory: Buffer, { key, chain }: Identity, signedAt: Date): Buffer {
  const certificates = chain.map((der) => parseCertificate(der));
  const [leaf] = certificates;
  if (leaf === undefined) throw new Error('The identity has no certificate');
  const digest = createHash('sha256').update(directory).digest();
  const list = `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>cdhashes</key><array><data>${digest.subarray(0, 20).toString('base64')}</data></array></dict></plist>\n`;
  const attributes = [
    attribute(CMS_OIDS.contentType, oid(CMS_OIDS.data)),
    attribute(CMS_OIDS.signingTime, new UTCTime({ valueDate: signedAt })),
    attribute(CMS_OIDS.messageDigest, octets(digest)),
    attribute(CMS_OIDS.hashAgility, octets(Buffer.from(list))),
    attribute(CMS_OIDS.hashAgility2, new Sequence({ value: [oid(SHA256), octets(digest)] })),
  ].sort((a, b) => Buffer.compare(encode(a), encode(b)));
  // What is signed is the SET OF form, not the implicit tag that stands in the signature (RFC 5652, 5.4).
  const value = sign('sha256', encode(new Asn1Set({ value: attributes })), key);
  const signer = new Sequence({
    value: [
      new Integer({ value: 1 }),
      new Sequence({ value: [parseAsn1(leaf.issuer), serialOf(leaf.serial)] }),
      algorithm(SHA256),
      context(0, attributes),
      algorithm(RSA),
      octets(value),
    ],
  });
  const signed = new Sequence({
    value: [
      new Integer({ value: 1 }),
      new Asn1Set({ value: [algorithm(SHA256)] }),
      new Sequence({ value: [oid(CMS_OIDS.data)] }),
      context(
        0,
        chain.map((der) => parseAsn1(der)),
      ),
      new Asn1Set({ value: [signer] }),
    ],
  });
  return encode(new Sequence({ value: [oid(CMS_OIDS.signedData), context(0, [signed])] }));
}

function encode(value: BaseBlock): Buffer {
  return Buffer.from(value.toBER());
}

function attribute(type: string, value: BaseBlock): Sequence {
  return new Sequence({ value: [oid(type), new Asn1Set({ value: [value] })] });
}

function algorithm(type: string): Sequence {
  return new Sequence({ value: [oid(type), new Null()] });
}

function context(tagNumber: number, value: BaseBlock[]): Constructed {
  return new Constructed({ idBlock: { tagClass: 3, tagNumber }, value });
}

function oid(value: string): ObjectIdentifier {
  return new ObjectIdentifier({ value });
}

function octets(bytes: Uint8Array): OctetString {
  return new OctetString({ valueHex: Uint8Array.from(bytes).buffer });
}

function serialOf(bytes: Buffer): Integer {
  return new Integer({ valueHex: Uint8Array.from(bytes).buffer });
}
