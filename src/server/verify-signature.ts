import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { signatureKey } from './appcast.ts';
import type { Catalog } from './catalog.ts';
import type { ShelvedFile } from './download-shelf.ts';
import { isKept } from './drift.ts';
import { openFile } from './open-file.ts';

/** Before the 32 bytes of an ed25519 public key, to make them a SubjectPublicKeyInfo (RFC 8410, 4). */
const SPKI_HEADER = Buffer.from('302a300506032b6570032100', 'hex');

/** An ed25519 signature covers the whole file at once, so that it has to be in memory; larger ones stay unsigned. */
const LARGEST_VERIFIED = 1024 ** 3;

/** The public key that Sparkle's `SUPublicEDKey` holds: 32 bytes in base64. */
export function readPublicKey(base64: string): KeyObject {
  const der = Buffer.concat([SPKI_HEADER, Buffer.from(base64, 'base64')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/**
 * Which of the channels' signatures are good: they verify with one of the keys over the very bytes in downloads. All
 * others are never shown to a client, not even where nothing speaks against them but that the bytes are not here.
 *
 * @param keys ed25519 public keys, 32 bytes in base64
 * @param known what was found out before, by `signatureKey`; is added to
 */
export async function verifySignatures(
  { offers }: Catalog,
  files: readonly ShelvedFile[],
  keys: readonly string[],
  known: Map<string, boolean>,
): Promise<ReadonlySet<string>> {
  const verified = new Set<string>();
  if (keys.length === 0) return verified;
  for (const { role, manifest } of offers) {
    const { artifact } = manifest;
    const { sha256, ed25519 } = artifact;
    if (role === 'archive' || !ed25519) continue;
    const name = signatureKey(sha256, ed25519);
    const file = files.find((each) => isKept(artifact, each));
    if (file === undefined) continue;
    if (!known.has(name) && file.size <= LARGEST_VERIFIED) {
      const isGood = await verifyFile(file, Buffer.from(ed25519, 'base64'), keys);
      if (isGood !== null) known.set(name, isGood);
    }
    if (known.get(name)) verified.add(name);
  }
  return verified;
}

/** Null where the file is no longer the one that was hashed. */
async function verifyFile(
  file: ShelvedFile,
  signature: Uint8Array,
  keys: readonly string[],
): Promise<boolean | null> {
  const bytes = await readWhole(file);
  if (bytes === null) return null;
  for (const key of keys) {
    const isGood = await new Promise<boolean>((resolve) => {
      // In another thread: a large file takes a second.
      verify(null, bytes, readPublicKey(key), signature, (error, result) =>
        resolve(error === null && result),
      );
    });
    if (isGood) return true;
  }
  return false;
}

async function readWhole({ path, identity, sha256 }: ShelvedFile): Promise<Buffer | null> {
  const file = await openFile(path).catch(() => null);
  if (file === null) return null;
  try {
    if (file.identity !== identity) return null;
    const bytes = await file.handle.readFile();
    return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : null;
  } finally {
    await file.handle.close();
  }
}
