import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseCertificate, subjectValue } from './certificate.ts';

/** A key with the certificates that say whose it is. */
export interface Identity {
  /** Common name, e.g. `Developer ID Application: Nexy Ltd (NEXYTEAM01)`. */
  readonly name: string;
  readonly team: string;
  readonly key: KeyObject;
  /** DER, leaf first. */
  readonly chain: readonly Buffer[];
}

const BLOCK = /-----BEGIN (PRIVATE KEY|CERTIFICATE)-----[\s\S]*?-----END \1-----/g;

/**
 * Reads a keychain. Here it is a PEM file: of each identity its private key, then its certificates, leaf first.
 *
 * @throws what the file system and Node's crypto say
 */
export function readKeychain(path: string): readonly Identity[] {
  const groups: { readonly key: KeyObject; readonly chain: Buffer[] }[] = [];
  for (const [block, kind] of readFileSync(path, 'utf8').matchAll(BLOCK)) {
    if (kind === 'PRIVATE KEY') groups.push({ key: createPrivateKey(block), chain: [] });
    else groups.at(-1)?.chain.push(Buffer.from(block.replace(/-----.*?-----|\s/g, ''), 'base64'));
  }
  return groups.flatMap(({ key, chain }) => {
    const [leaf] = chain;
    if (leaf === undefined) return [];
    const certificate = parseCertificate(leaf);
    const [name, team] = ['subject.CN', 'subject.OU'].map((field) => subjectValue(certificate, field) ?? '');
    return { name: name ?? '', team: team ?? '', key, chain };
  });
}
