import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readManifestFile } from '../../src/check/read-manifest-file.ts';
import { openDescriptorsOf } from '../support/open-descriptors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIMIT = 256 * 1024;

/** A file that even root may not read: sysctl(8) only writes to it. */
const FORBIDDEN =
  ['/proc/sys/vm/compact_memory', '/proc/sys/net/ipv4/route/flush'].find((path) => existsSync(path)) ?? null;

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

  it.each([
    ['it does not exist', 'absent.json', 'There is no such file.', 'ENOENT'],
    ['a part of its path is a file', 'file/manifest.json', 'There is no such file.', 'ENOTDIR'],
    ['it is a link to itself', 'circle.json', 'Reading it failed.', 'ELOOP'],
    ['it is a folder', 'folder.json', 'It is not a regular file.', null],
  ])('says why a file cannot be read: %s', async (_name, name, reason, systemCode) => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'folder.json'));
    await writeFile(join(folder, 'file'), '');
    await symlink('circle.json', join(folder, 'circle.json'));
    const path = join(folder, name);
    const error = await failureOf(path);
    expect(error).toMatchObject({
      code: 'manifest-unreachable',
      message: `The manifest ${path} could not be read. ${reason} Nothing was changed. Check the path.`,
      details: { path },
    });
    if (systemCode === null) expect(error).not.toHaveProperty('cause');
    else expect(error).toMatchObject({ cause: { code: systemCode } });
  });

  it.skipIf(FORBIDDEN === null)('says that a file may not be read by this user', async () => {
    expect(await failureOf(FORBIDDEN ?? '')).toMatchObject({
      message: expect.stringContaining('It may not be read by this user.'),
    });
  });

  it('leaves no file open', async () => {
    const path = join(await temporaryFolder(), 'manifest.json');
    await writeFile(path, Buffer.alloc(LIMIT + 1));
    await failureOf(path);
    await writeFile(path, '{}');
    await readManifestFile(path);
    expect(await openDescriptorsOf(path)).toEqual([]);
  });

  it('does not wait for a pipe, and reads no device', async () => {
    const pipe = join(await temporaryFolder(), 'pipe.json');
    execFileSync('/usr/bin/mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      expect(await failureOf(path)).toMatchObject({ message: expect.stringContaining('not a regular file') });
    }
  });
});
