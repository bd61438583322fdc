import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeTree } from '../src/remove-tree.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

/** A folder whose inner folders nobody may write to, with a link that leads out of it. */
async function makeReadOnlyTree(): Promise<{ readonly tree: string; readonly outside: string }> {
  const folder = await temporaryFolder();
  const outside = join(folder, 'outside');
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'a', 'b'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, 'kept'), '');
  writeFileSync(join(tree, 'a', 'b', 'file'), '');
  symlinkSync(outside, join(tree, 'a', 'link'));
  for (const path of ['a/b', 'a']) chmodSync(join(tree, path), 0o555);
  return { tree, outside };
}

it('removes a tree and leaves alone what its links lead to', async () => {
  const { tree, outside } = await makeReadOnlyTree();
  await removeTree(tree);
  expect(existsSync(tree)).toBe(false);
  expect(existsSync(join(outside, 'kept'))).toBe(true);
  await removeTree(tree);
});

const isRoot = process.getuid?.() === 0;

it.skipIf(!isRoot)(
  'removes read-only folders also as an ordinary user (root only: becomes one)',
  async () => {
    const { tree, outside } = await makeReadOnlyTree();
    execFileSync('chmod', ['0777', join(tree, '..'), outside]);
    execFileSync('chown', ['-hR', '65534:65534', tree]);
    // The module is loaded before the rights are given up: the checkout may be closed to others.
    const script = `
    const { removeTree } = await import(${JSON.stringify(new URL('../src/remove-tree.ts', import.meta.url).href)});
    process.setgroups([]);
    process.setgid(65534);
    process.setuid(65534);
    await removeTree(${JSON.stringify(tree)});`;
    execFileSync(process.execPath, ['--input-type=module', '--eval', script]);
    expect(existsSync(tree)).toBe(false);
    expect(existsSync(join(outside, 'kept'))).toBe(true);
  },
);
