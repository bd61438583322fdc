import { chmodSync, lstatSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTree, writeTree } from '../../../src/lab/mac/file-tree.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { describeTree } from '../../support/tree.ts';

const OLD = new Date('2026-03-12T00:00:00Z');

it('puts the same tree elsewhere: files, links, modes and times', async () => {
  const folder = await temporaryFolder();
  const from = join(folder, 'from');
  mkdirSync(join(from, 'inner', 'empty'), { recursive: true });
  writeFileSync(join(from, 'inner', 'program'), Buffer.from([0, 255, 10]), { mode: 0o755 });
  writeFileSync(join(from, 'nothing'), '');
  symlinkSync('inner/program', join(from, 'link'));
  symlinkSync('nowhere', join(from, 'dangling'));
  chmodSync(join(from, 'nothing'), 0o440);
  for (const path of ['inner/empty', 'inner', 'nothing', '.']) utimesSync(join(from, path), OLD, OLD);
  const tree = readTree(from);
  const to = join(folder, 'to');
  writeTree(tree, to);
  expect(describeTree(to)).toEqual(describeTree(from));
  for (const path of ['.', 'inner', 'inner/empty', 'nothing'])
    expect(lstatSync(join(to, path)).mtime, path).toEqual(OLD);
  expect(lstatSync(join(to, 'link')).mtimeMs).toBeCloseTo(lstatSync(join(from, 'link')).mtimeMs, -1);
});

it('replaces nothing', async () => {
  const folder = await temporaryFolder();
  expect(() => writeTree(readTree(folder), folder)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
});
