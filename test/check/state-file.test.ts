import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readStateFile, setDamagedFileAside, writeStateFile } from '../../src/check/state-file.ts';
import { openDescriptorsOf } from '../support/open-descriptors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIMIT = 1024 * 1024;

async function pathOf(content?: string): Promise<string> {
  const path = join(await temporaryFolder(), 'state.json');
  if (content !== undefined) await writeFile(path, content);
  return path;
}

describe('a state file', () => {
  it('gives back what was written, privately and as text that people can read', async () => {
    const path = join(await temporaryFolder(), 'deep', 'state', 'state.json');
    await writeStateFile(path, { a: [1] });
    expect(await readStateFile(path)).toEqual({ value: { a: [1] }, warnings: [] });
    expect(await readFile(path, 'utf8')).toBe('{\n  "a": [\n    1\n  ]\n}\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('may be 1 MiB, and not a byte more', async () => {
    const text = `"${'x'.repeat(LIMIT - 2)}"`;
    expect((await readStateFile(await pathOf(text))).warnings).toEqual([]);
    expect((await readStateFile(await pathOf(`${text} `))).value).toBeUndefined();
  });

  it('is nothing, without a word, where there is none', async () => {
    expect(await readStateFile(await pathOf())).toEqual({ value: undefined, warnings: [] });
  });

  it.each<[string, (path: string) => Promise<unknown>, string]>([
    ['not JSON', (path) => writeFile(path, '{'), 'damaged'],
    ['too large', (path) => writeFile(path, ' '.repeat(LIMIT + 1)), 'damaged'],
    ['a folder', (path) => mkdir(path), 'damaged'],
    ['a link', (path) => symlink('elsewhere', path), 'ELOOP'],
  ])('counts as empty with a warning where it is %s', async (_name, put, reason) => {
    const path = await pathOf();
    await put(path);
    expect(await readStateFile(path)).toEqual({
      value: undefined,
      warnings: [`${path} could not be read (${reason}) and counts as empty.`],
    });
  });

  it('is closed after it was read, also where it is too large', async () => {
    for (const content of ['{}', ' '.repeat(LIMIT + 1)]) {
      const path = await pathOf(content);
      await readStateFile(path);
      expect(await openDescriptorsOf(path)).toEqual([]);
    }
  });
});

describe('a damaged state file', () => {
  it('is set aside under a name that tells what it is', async () => {
    const path = await pathOf('{');
    await setDamagedFileAside(path);
    expect(await readdir(join(path, '..'))).toEqual(['state.json.damaged']);
  });

  it('need not be there any more', async () => {
    await setDamagedFileAside(await pathOf());
  });

  it('that cannot be set aside is not passed over', async () => {
    const path = await pathOf('{');
    await mkdir(`${path}.damaged`);
    await expect(setDamagedFileAside(path)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
