import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readManifestFile } from '../../src/check/read-manifest-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIMIT = 256 * 1024;

async function failureOf(path: string): Promise<unknown> {
  return readManifestFile(path).catch((error: unknown) => error);
}

describe('readManifestFile', () => {
  it.each([0, 1, 600, LIMIT])('reads %i bytes as they are, through a link too', async (size) => {
    const folder = await temporaryFolder();
    const bytes = Buffer.alloc(size, 0xef);
    await writeFile(join(folder, 'manifest.json'), bytes);
    await symlink('manifest.json', join(folder, 'link.json'));
    expect(Buffer.from(await readManifestFile(join(folder, 'manifest.json')))).toEqual(bytes);
    expect(Buffer.from(await readManifestFile(join(folder, 'link.json')))).toEqual(bytes);
  });

  it('refuses one byte more than 256 KiB', async () => {
    const path = join(await temporaryFolder(), 'manifest.json');
    await writeFile(path, Buffer.alloc(LIMIT + 1));
    expect(await failureOf(path)).toMatchObject({
      code: 'manifest-unreachable',
      message: expect.stringContaining('larger than 256 KiB'),
    });
  });

  it('says why a file cannot be read', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'folder.json'));
    expect(await failureOf(join(folder, 'absent.json'))).toMatchObject({
      code: 'manifest-unreachable',
      message: expect.stringContaining('There is no such file.'),
    });
    expect(await failureOf(join(folder, 'folder.json'))).toMatchObject({
      code: 'manifest-unreachable',
      message: expect.stringContaining('not a regular file'),
    });
  });

  it('does not wait for a pipe, and reads no device', async () => {
    const pipe = join(await temporaryFolder(), 'pipe.json');
    execFileSync('/usr/bin/mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      expect(await failureOf(path)).toMatchObject({ message: expect.stringContaining('not a regular file') });
    }
  });
});
