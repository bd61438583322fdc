import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInstallationId } from '../../src/check/installation-id.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('readInstallationId', () => {
  it('makes one at the first call and keeps it in a private file', async () => {
    const folder = join(await temporaryFolder(), 'state');
    const id = await readInstallationId(folder);
    expect(id).toMatch(UUID);
    expect(await readInstallationId(folder)).toBe(id);
    const path = join(folder, 'installation-id');
    expect(await readFile(path, 'utf8')).toBe(`${id}\n`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['installation-id']);
  });

  it('is another one elsewhere', async () => {
    const [one, two] = [await temporaryFolder(), await temporaryFolder()];
    expect(await readInstallationId(one)).not.toBe(await readInstallationId(two));
  });

  it('is the same for all who ask at once', async () => {
    const folder = await temporaryFolder();
    const ids = await Promise.all(Array.from({ length: 20 }, () => readInstallationId(folder)));
    expect(new Set([...ids, await readInstallationId(folder)]).size).toBe(1);
    expect(await readdir(folder)).toEqual(['installation-id']);
  });

  it('is only read once it is there', async () => {
    const folder = await temporaryFolder();
    await readInstallationId(folder);
    const { mtimeNs } = await stat(folder, { bigint: true });
    await readInstallationId(folder);
    expect((await stat(folder, { bigint: true })).mtimeNs).toBe(mtimeNs);
  });

  it('says so where it cannot be kept', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'installation-id'));
    await expect(readInstallationId(folder)).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readdir(folder)).toEqual(['installation-id']);
  });

  it.each([
    '',
    'not an id',
    '123e4567-e89b-12d3',
    '{"id":1}',
    'x123e4567-e89b-42d3-a456-426614174000',
    '123e4567-e89b-42d3-a456-4266141740000',
  ])('replaces a damaged one (%j)', async (content) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'installation-id'), content);
    const id = await readInstallationId(folder);
    expect(id).toMatch(UUID);
    expect(await readInstallationId(folder)).toBe(id);
    expect(await readdir(folder)).toEqual(['installation-id']);
  });
});
