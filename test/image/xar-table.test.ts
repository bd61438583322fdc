import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { readXarTable } from '../../src/image/xar-table.ts';
import { makeAuthority, makeIdentity } from '../support/make-identity.ts';
import { writeXar } from '../support/make-xar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let path: string;
beforeEach(async () => {
  path = join(await temporaryFolder(), 'a.pkg');
});

/** An archive with this text as its table of contents. */
function writeTable(text: string, { length = 28, magic = 'xar!' } = {}): string {
  const packed = deflateSync(Buffer.from(text));
  const header = Buffer.alloc(28);
  header.write(magic, 'latin1');
  header.writeUInt16BE(length, 4);
  header.writeBigUInt64BE(BigInt(packed.length), 8);
  writeFileSync(path, Buffer.concat([header, packed, Buffer.alloc(20)]));
  return path;
}

const CHECKSUM = '<checksum style="sha1"><offset>0</offset><size>20</size></checksum>';
const file = (name: string) => `<file id="1"><name>${name}</name><type>file</type></file>`;

describe('the table of contents of a package', () => {
  it('lists members with the folders that they lie in', async () => {
    writeXar(path, [
      ['Distribution', Buffer.from('<x/>')],
      ['Nexy.pkg/Payload', Buffer.from('payload')],
      ['Nexy.pkg/Bom', Buffer.from('bom')],
      ['Resources/en.lproj/a & b.html', Buffer.from('')],
    ]);
    const { members, signatures, checksum } = await readXarTable(path);
    expect(members.map(({ path: name, kind, size }) => `${kind} ${name} ${size}`)).toEqual([
      'file Distribution 4',
      'folder Nexy.pkg 0',
      'file Nexy.pkg/Payload 7',
      'file Nexy.pkg/Bom 3',
      'folder Resources 0',
      'folder Resources/en.lproj 0',
      'file Resources/en.lproj/a & b.html 0',
    ]);
    expect(signatures).toEqual([]);
    expect(checksum).toEqual({ style: 'sha1', offset: 0, size: 20 });
  });

  it('tells whose certificates come with the signature, leaf first', async () => {
    const identity = makeIdentity({ kind: 'installer', team: 'NEXYTEAM01', authority: makeAuthority() });
    writeXar(path, [['PackageInfo', Buffer.from('<x/>')]], { identity, checksum: 'sha256' });
    const { signatures, checksum } = await readXarTable(path);
    expect(checksum).toEqual({ style: 'sha256', offset: 0, size: 32 });
    expect(signatures).toHaveLength(1);
    expect(signatures[0]).toMatchObject({ style: 'RSA', offset: 32, size: 256 });
    expect(signatures[0]?.certificates.map(({ subject }) => /CN=(.*)/.exec(subject)?.[1])).toEqual([
      'Developer ID Installer: Nexy Ltd (NEXYTEAM01)',
      'Developer ID Certification Authority',
      'Apple Root CA',
    ]);
  });

  it.each([
    ['two members of one name', `<xar><toc>${CHECKSUM}${file('Payload')}${file('Payload')}</toc></xar>`],
    ['a name that goes up', `<xar><toc>${CHECKSUM}${file('..')}</toc></xar>`],
    ['a name with a slash', `<xar><toc>${CHECKSUM}${file('Nexy.pkg/Payload')}</toc></xar>`],
    [
      'a name that is encoded and goes up',
      `<xar><toc>${CHECKSUM}<file><name enctype="base64">Li4=</name></file></toc></xar>`,
    ],
    ['a member without a name', `<xar><toc>${CHECKSUM}<file><type>file</type></file></toc></xar>`],
    ['two tables', `<xar><toc>${CHECKSUM}</toc><toc>${CHECKSUM}</toc></xar>`],
    ['no checksum', '<xar><toc></toc></xar>'],
    [
      'a size that is no number',
      '<xar><toc><checksum style="sha1"><offset>0</offset><size>-1</size></checksum></toc></xar>',
    ],
    ['entities', `<!DOCTYPE x [<!ENTITY a "b">]><xar><toc>${CHECKSUM}</toc></xar>`],
    [
      'a certificate that is none',
      `<xar><toc>${CHECKSUM}<signature style="RSA"><offset>20</offset><size>256</size><KeyInfo><X509Data><X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo></signature></toc></xar>`,
    ],
    ['no XML', 'xar'],
    ['elements without end', `<xar><toc>${'<file>'.repeat(20_000)}`],
  ])('is refused with %s', async (_what, text) => {
    await expect(readXarTable(writeTable(text))).rejects.toMatchObject({ code: 'image-unreadable' });
  });

  it('is refused where the header is not that of a xar archive', async () => {
    const text = `<xar><toc>${CHECKSUM}</toc></xar>`;
    expect((await readXarTable(writeTable(text))).members).toEqual([]);
    for (const path of [writeTable(text, { magic: 'xar?' }), writeTable(text, { length: 12 })])
      await expect(readXarTable(path)).rejects.toMatchObject({ code: 'image-unreadable' });
  });

  it('is refused where it unpacks to more than any real one', async () => {
    await expect(
      readXarTable(writeTable(`<xar>${' '.repeat(40 * 1024 * 1024)}</xar>`)),
    ).rejects.toMatchObject({
      code: 'image-unreadable',
    });
  });
});
