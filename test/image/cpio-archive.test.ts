import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { UpdateError } from '../../src/errors.ts';
import { readCpioArchive } from '../../src/image/cpio-archive.ts';
import { INPUT, runSevenZip } from '../../src/image/seven-zip-module.ts';
import { makeCpio, type PackedFile } from '../support/make-cpio.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

function read(bytes: Buffer) {
  const path = join(folder, 'archive');
  writeFileSync(path, bytes);
  return readCpioArchive('Nexy.pkg', path).map(({ data, ...entry }) => ({
    ...entry,
    bytes: bytes.toString('latin1', data.offset, data.offset + data.length),
  }));
}

const FILES: readonly PackedFile[] = [
  { path: '.', text: null },
  { path: './Nexy.app', text: null, mode: 0o700 },
  { path: './Nexy.app/odd', text: 'odd' },
  { path: './Nexy.app/run', text: '#!/bin/sh\n', mode: 0o4755 },
  { path: './Nexy.app/empty', text: '' },
  { path: './Nexy.app/link', text: null, linkTarget: '../..' },
];

describe.each(['odc', 'newc'] as const)('an archive of the form %s', (format) => {
  it('gives names, kinds, modes, targets and bytes as they are', () => {
    expect(read(makeCpio(FILES, { format }))).toEqual([
      { name: '.', kind: 'folder', mode: 0o755, size: 0, linkTarget: null, hardLink: null, bytes: '' },
      {
        name: './Nexy.app',
        kind: 'folder',
        mode: 0o700,
        size: 0,
        linkTarget: null,
        hardLink: null,
        bytes: '',
      },
      {
        name: './Nexy.app/odd',
        kind: 'file',
        mode: 0o644,
        size: 3,
        linkTarget: null,
        hardLink: null,
        bytes: 'odd',
      },
      {
        name: './Nexy.app/run',
        kind: 'file',
        mode: 0o4755,
        size: 10,
        linkTarget: null,
        hardLink: null,
        bytes: '#!/bin/sh\n',
      },
      {
        name: './Nexy.app/empty',
        kind: 'file',
        mode: 0o644,
        size: 0,
        linkTarget: null,
        hardLink: null,
        bytes: '',
      },
      {
        name: './Nexy.app/link',
        kind: 'link',
        mode: 0o755,
        size: 5,
        linkTarget: '../..',
        hardLink: null,
        bytes: '../..',
      },
    ]);
  });

  it('keeps names that others make harmless', () => {
    const names = ['../outside', '/etc/passwd', './a\nb', './a\\b', './con.', 'x//y', './u\u0308 🎧'];
    const archive = makeCpio(
      names.map((path) => ({ path, text: 'x' })),
      { format },
    );
    expect(read(archive).map(({ name }) => name)).toEqual(names);
  });

  it('is the same to 7-Zip', async () => {
    const path = join(folder, 'archive');
    const bytes = makeCpio(FILES, { format });
    writeFileSync(path, bytes);
    const run = await runSevenZip(['l', '-slt', '-tcpio', INPUT], { path, offset: 0, length: bytes.length });
    const valuesOf = (key: string) =>
      run.output.filter((line) => line.startsWith(`${key} = `)).map((line) => line.slice(key.length + 3));
    // The first path is the archive's own.
    expect(valuesOf('Path').slice(1)).toEqual(FILES.map(({ path: name }) => name));
    expect(valuesOf('Size')).toEqual(read(bytes).map(({ size }) => String(size)));
  });

  it('is read or refused, whatever is changed in it', () => {
    const good = makeCpio(FILES, { format });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(good.length), { freq: 6 }),
        (changes, length) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            read(bytes.subarray(0, length ?? bytes.length));
          } catch (error) {
            if (!(error instanceof UpdateError) || error.code !== 'image-unreadable') throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('an archive is refused', () => {
  const good = makeCpio(FILES);
  it.each([
    ['that is none', Buffer.from('PK')],
    ['without its end', good.subarray(0, good.length - 90)],
    [
      'with a name that is no text',
      Buffer.from(good.toString('latin1').replace('./Nexy.app/odd', './Nexy.app/\xff\xfe!'), 'latin1'),
    ],
    ['whose file goes on after its end', makeCpio([{ path: 'a', text: 'x' }]).subarray(0, 80)],
  ])('%s', (_what, bytes) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'image-unreadable' }));
  });
});
