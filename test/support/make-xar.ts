import { createHash, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import type { Identity } from './make-identity.ts';

export interface XarOptions {
  /** Who signs the archive; not signed when left out. */
  readonly identity?: Identity;
  /** `sha1`, as productbuild's packages have it, when left out. */
  readonly checksum?: 'sha1' | 'sha256';
  /** Bytes behind the archive, e.g. a stapled ticket. */
  readonly trailer?: Buffer;
}

/**
 * Writes a xar archive, the container of flat packages (xar(1), "Archive format"). Signed as productsign(1) does it
 * since ever: RSA over the checksum of the table of contents, with the certificates in that table.
 */
export function writeXar(
  output: string,
  members: readonly (readonly [string, Buffer])[],
  { identity, checksum = 'sha1', trailer }: XarOptions = {},
): string {
  const digest = (bytes: Buffer) => createHash(checksum).update(bytes).digest();
  const checksumSize = digest(Buffer.alloc(0)).length;
  const signatureSize = identity === undefined ? 0 : sign(checksum, Buffer.alloc(0), identity.key).length;
  // The heap begins with the checksum of the table of contents and the signature over it.
  const table = new TableWriter(checksumSize + signatureSize, checksum, digest);
  for (const [path, data] of members) table.add(path.split('/'), data);
  const signature = identity === undefined ? '' : signatureElement(identity, checksumSize, signatureSize);
  const contents = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<xar><toc><creation-time>2026-11-24T08:00:00</creation-time><checksum style="${checksum}"><offset>0</offset><size>${checksumSize}</size></checksum>${signature}${table.toXml()}</toc></xar>`,
  );
  const packed = deflateSync(contents);
  const header = Buffer.alloc(28);
  header.write('xar!', 0, 'latin1');
  header.writeUInt16BE(28, 4);
  header.writeUInt16BE(1, 6);
  header.writeBigUInt64BE(BigInt(packed.length), 8);
  header.writeBigUInt64BE(BigInt(contents.length), 16);
  // 1 is SHA-1; 3 says that the table names the algorithm.
  header.writeUInt32BE(checksum === 'sha1' ? 1 : 3, 24);
  const parts = [header, packed, digest(packed)];
  if (identity !== undefined) parts.push(sign(checksum, packed, identity.key));
  writeFileSync(
    output,
    Buffer.concat([...parts, ...members.map(([, data]) => data), trailer ?? Buffer.alloc(0)]),
  );
  return output;
}

function signatureElement({ chain }: Identity, offset: number, size: number): string {
  const certificates = chain.map((der) => `<X509Certificate>${der.toString('base64')}</X509Certificate>`);
  return `<signature style="RSA"><offset>${offset}</offset><size>${size}</size><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>${certificates.join('')}</X509Data></KeyInfo></signature>`;
}

interface Folder {
  readonly id: number;
  readonly files: string[];
  readonly folders: Map<string, Folder>;
}

class TableWriter {
  #offset: number;
  #id = 0;
  readonly #style: string;
  readonly #digest: (bytes: Buffer) => Buffer;
  readonly #root: Folder = { id: 0, files: [], folders: new Map() };

  constructor(offset: number, style: string, digest: (bytes: Buffer) => Buffer) {
    this.#offset = offset;
    this.#style = style;
    this.#digest = digest;
  }

  add(path: readonly string[], data: Buffer): void {
    let folder = this.#root;
    for (const name of path.slice(0, -1)) {
      const found = folder.folders.get(name) ?? { id: this.#nextId(), files: [], folders: new Map() };
      folder.folders.set(name, found);
      folder = found;
    }
    const [sum, style] = [this.#digest(data).toString('hex'), this.#style];
    folder.files.push(
      `<file id="${this.#nextId()}"><name>${escapeXml(path.at(-1) ?? '')}</name><type>file</type><mode>0644</mode><data><archived-checksum style="${style}">${sum}</archived-checksum><extracted-checksum style="${style}">${sum}</extracted-checksum><encoding style="application/octet-stream"/><size>${data.length}</size><offset>${this.#offset}</offset><length>${data.length}</length></data></file>`,
    );
    this.#offset += data.length;
  }

  toXml(folder: Folder = this.#root): string {
    const folders = [...folder.folders].map(
      ([name, inner]) =>
        `<file id="${inner.id}"><name>${escapeXml(name)}</name><type>directory</type><mode>0755</mode>${this.toXml(inner)}</file>`,
    );
    return [...folder.files, ...folders].join('');
  }

  #nextId(): number {
    this.#id += 1;
    return this.#id;
  }
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
