import { appendFile, chmod, link, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VerifiedFile } from '../../src/download/verified-file.ts';
import { verifyFile } from '../../src/download/verify-file.ts';
import { randomBody, sha256Of } from '../support/random-body.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function makeFile(size = 3_000_000) {
  const body = randomBody(size);
  const path = join(await temporaryFolder(), 'Nexy.dmg');
  await writeFile(path, body);
  return { body, path, expected: { size, sha256: sha256Of(body) } };
}

describe('verifyFile', () => {
  it('vouches for a file whose bytes match', async () => {
    const { path, expected } = await makeFile();
    const file = await verifyFile(path, expected);
    expect(file).toBeInstanceOf(VerifiedFile);
    expect(file).toMatchObject({ path, ...expected });
    await file.assertUnchanged();
  });

  it('refuses another sha256, another size, a folder and a link', async () => {
    const { path, expected } = await makeFile();
    const sha256 = 'a'.repeat(64);
    await expect(verifyFile(path, { ...expected, sha256 })).rejects.toMatchObject({
      code: 'sha256-mismatch',
    });
    await expect(verifyFile(path, { ...expected, size: 2 })).rejects.toMatchObject({ code: 'size-mismatch' });
    await expect(verifyFile(join(path, '..'), expected)).rejects.toThrow();
    await symlink(path, `${path}.link`);
    await expect(verifyFile(`${path}.link`, expected)).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it('can be cancelled', async () => {
    const { path, expected } = await makeFile();
    const verifying = verifyFile(path, expected, AbortSignal.abort());
    await expect(verifying).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('a VerifiedFile', () => {
  it.each<[string, (path: string, body: Buffer) => Promise<void>]>([
    ['written to', (path) => appendFile(path, 'x')],
    [
      'overwritten with its own bytes and given its old times',
      async (path, body) => {
        await writeFile(path, body);
        await utimes(path, 0, 0);
      },
    ],
    [
      'replaced by a copy',
      async (path, body) => {
        await writeFile(`${path}.new`, body);
        await rename(`${path}.new`, path);
      },
    ],
    [
      'replaced by a link',
      async (path) => {
        await rename(path, `${path}.moved`);
        await symlink(`${path}.moved`, path);
      },
    ],
    ['given another mode', (path) => chmod(path, 0o644)],
    ['given a second name', (path) => link(path, `${path}.second`)],
    ['removed', (path) => rm(path)],
  ])('notices that it was %s', async (_, change) => {
    const { path, body, expected } = await makeFile(1000);
    await chmod(path, 0o600);
    const file = await verifyFile(path, expected);
    await file.assertUnchanged();
    await change(path, body);
    await expect(file.assertUnchanged()).rejects.toMatchObject({ code: 'sha256-mismatch' });
  });
});
