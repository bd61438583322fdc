import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';

/** A file or folder of a package's payload; a folder's text is null. */
export interface PackedFile {
  readonly path: string;
  readonly text: string | null;
}

/** A cpio archive of the portable ASCII kind (`odc`), as packages have it. */
export function makeCpio(files: readonly PackedFile[]): Buffer {
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  const entry = (path: string, mode: number, data: Buffer, inode: number) => {
    const name = Buffer.from(`${path}\0`);
    const header = [
      '070707',
      octal(1, 6),
      octal(inode, 6),
      octal(mode, 6),
      octal(0, 6),
      octal(0, 6),
      octal(1, 6),
      octal(0, 6),
      octal(1_700_000_000, 11),
      octal(name.length, 6),
      octal(data.length, 11),
    ].join('');
    return Buffer.concat([Buffer.from(header), name, data]);
  };
  const entries = files.map(({ path, text }, index) =>
    entry(path, text === null ? 0o40755 : 0o100644, Buffer.from(text ?? ''), index + 1),
  );
  return Buffer.concat([...entries, entry('TRAILER!!!', 0, Buffer.alloc(0), 0)]);
}

/** A payload of Apple's kind `pbzx` whose pieces are given packed and not packed. */
export function makePbzx(
  pieces: readonly { readonly unpackedSize: number; readonly bytes: Buffer }[],
): Buffer {
  const long = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
  };
  const parts = pieces.flatMap(({ unpackedSize, bytes }) => [long(unpackedSize), long(bytes.length), bytes]);
  return Buffer.concat([Buffer.from('pbzx'), long(16 * 1024 * 1024), ...parts]);
}

/** Writes a xar archive, the container of flat packages (xar(1), "Archive format"). */
export function writeXar(output: string, members: readonly (readonly [string, Buffer])[]): string {
  const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');
  // The heap begins with the checksum of the table of contents.
  let offset = 20;
  let id = 0;
  const file = (name: string, data: Buffer): string => {
    id += 1;
    const xml = `<file id="${id}"><name>${name}</name><type>file</type><mode>0644</mode><data><archived-checksum style="sha1">${sha1(data)}</archived-checksum><extracted-checksum style="sha1">${sha1(data)}</extracted-checksum><encoding style="application/octet-stream"/><size>${data.length}</size><offset>${offset}</offset><length>${data.length}</length></data></file>`;
    offset += data.length;
    return xml;
  };
  const folders = new Map<string, string>();
  const top: string[] = [];
  for (const [path, data] of members) {
    const slash = path.indexOf('/');
    if (slash < 0) top.push(file(path, data));
    else
      folders.set(
        path.slice(0, slash),
        (folders.get(path.slice(0, slash)) ?? '') + file(path.slice(slash + 1), data),
      );
  }
  for (const [name, contents] of folders) {
    id += 1;
    top.push(
      `<file id="${id}"><name>${name}</name><type>directory</type><mode>0755</mode>${contents}</file>`,
    );
  }
  const toc = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<xar><toc><checksum style="sha1"><offset>0</offset><size>20</size></checksum>${top.join('')}</toc></xar>`,
  );
  const packed = deflateSync(toc);
  const header = Buffer.alloc(28);
  header.write('xar!', 0, 'latin1');
  header.writeUInt16BE(28, 4);
  header.writeUInt16BE(1, 6);
  header.writeBigUInt64BE(BigInt(packed.length), 8);
  header.writeBigUInt64BE(BigInt(toc.length), 16);
  header.writeUInt32BE(1, 24);
  const checksum = createHash('sha1').update(packed).digest();
  writeFileSync(output, Buffer.concat([header, packed, checksum, ...members.map(([, data]) => data)]));
  return output;
}
