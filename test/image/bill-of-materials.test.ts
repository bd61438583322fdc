import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UpdateError } from '../../src/errors.ts';
import { type BomEntry, readBillOfMaterials } from '../../src/image/bill-of-materials.ts';
import { readPackage } from '../../src/image/package-contents.ts';
import { extractImage } from '../../src/image/read-image.ts';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { makeBillOfMaterials } from '../support/make-bill-of-materials.ts';
import type { PackedFile } from '../support/make-cpio.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const read = (bytes: Buffer) => readBillOfMaterials('Nexy.pkg', bytes);

const TREE: readonly PackedFile[] = [
  { path: '.', text: null },
  { path: './Nexy.app', text: null, mode: 0o700 },
  { path: './Nexy.app/Contents', text: null },
  { path: './Nexy.app/Contents/u\u0308 🎧', text: 'music' },
  { path: './Nexy.app/Contents/run', text: '#!/bin/sh\n', mode: 0o4755 },
  { path: './Nexy.app/Contents/link', text: null, linkTarget: '../../elsewhere' },
];

/** Whether bytes are read or refused in the one way there is; anything else is thrown. */
function isAnswered(bytes: Buffer): boolean {
  try {
    read(bytes);
  } catch (error) {
    if (!(error instanceof UpdateError) || error.code !== 'image-unreadable') throw error;
  }
  return true;
}

describe('a bill of materials', () => {
  it('lists paths with kind, mode, size and the targets of links, and leaves out the root', () => {
    expect(read(makeBillOfMaterials(TREE))).toEqual([
      { path: 'Nexy.app', kind: 'folder', mode: 0o700, size: 0, linkTarget: null },
      { path: 'Nexy.app/Contents', kind: 'folder', mode: 0o755, size: 0, linkTarget: null },
      { path: 'Nexy.app/Contents/u\u0308 🎧', kind: 'file', mode: 0o644, size: 5, linkTarget: null },
      { path: 'Nexy.app/Contents/run', kind: 'file', mode: 0o4755, size: 10, linkTarget: null },
      { path: 'Nexy.app/Contents/link', kind: 'link', mode: 0o755, size: 15, linkTarget: '../../elsewhere' },
    ]);
  });

  it('may have several leaves', () => {
    const files = Array.from({ length: 1000 }, (_, index) => ({
      path: `./file ${index}`,
      text: 'x'.repeat(index),
    }));
    const entries = read(makeBillOfMaterials([{ path: '.', text: null }, ...files]));
    expect(entries.map(({ path, size }) => `${path} ${size}`)).toEqual(
      files.map(({ path, text }) => `${path.slice(2)} ${text.length}`),
    );
  });

  it.skipIf(!HAS_FIXTURES)(`of real packages is that of their payload${NEEDS_FIXTURES}`, async () => {
    const folder = await temporaryFolder();
    await extractImage(join(FIXTURES, 'disk-images', 'SparkleTestCodeSign_pkg.dmg'), folder);
    for (const path of [
      join(FIXTURES, 'disk-images', 'test.pkg'),
      join(folder, 'SparkleTestCodeSignApp.pkg'),
    ]) {
      const [component] = (await readPackage(path)).components;
      const plain = ({ path: name, kind, mode, size, linkTarget }: BomEntry) => ({
        name,
        kind,
        mode,
        size,
        linkTarget,
      });
      expect(component?.bom?.map(plain)).toEqual(component?.payload?.map(plain));
      expect(component?.bom).toHaveLength(4);
    }
  });
});

describe('a damaged bill of materials', () => {
  const good = makeBillOfMaterials(TREE);
  const blockAt = (index: number) => good.readUInt32BE(good.readUInt32BE(16) + 4 + index * 8);
  /** Blocks of the six entries come first, three for each; then BomInfo, the leaf of `Paths`, and its tree. */
  const [leaf, tree] = [blockAt(20), blockAt(21)];

  function changed(at: number, value: number): Buffer {
    const bytes = Buffer.from(good);
    bytes.writeUInt32BE(value, at);
    return bytes;
  }

  it.each([
    ['is none', Buffer.from('BOMStore is not all there is to it')],
    ['is empty', Buffer.alloc(0)],
    ['ends too early', good.subarray(0, 600)],
    ['names a block that is not there', changed(tree + 8, 0xffff)],
    ['is its own next leaf', changed(leaf + 4, 20)],
    ['has a parent that is its own child', changed(blockAt(6), 3)],
    ['has a parent that is not there', changed(blockAt(6), 999)],
    ['has one number twice', changed(blockAt(5), 1)],
  ])('is refused: it %s', (_reason, bytes) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'image-unreadable' }));
  });

  it('is read or refused, whatever is changed in it', () => {
    const meaningful = Array.from(good.keys()).filter((at) => at < 1200 || at >= leaf || good[at] !== 0);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...meaningful), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.option(fc.nat(good.length), { freq: 8 }),
        (changes, length) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          return isAnswered(bytes.subarray(0, length ?? bytes.length));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is refused or read also when it is noise behind the mark', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) =>
        isAnswered(Buffer.concat([Buffer.from('BOMStore\0\0\0\x01'), noise])),
      ),
      { numRuns: 1000 },
    );
  });
});
