import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inspectInChild } from '../../../src/cli/release/inspect-in-child.ts';
import { canMakeImages, makeEncryptedLookingImage } from '../../support/make-image.ts';
import { makePackage } from '../../support/make-package.ts';
import { runScript } from '../../support/run-script.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeDmg, makeNexy } from '../../support/update-world.ts';

/** Bytes; many times what the process may grow by. */
const LARGE = 400 * 1024 ** 2;

async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, 'r');
  onTestFinished(() => file.close());
  return file;
}

describe('inspectInChild', () => {
  it('tells what is in a file that is open here', async () => {
    const folder = await temporaryFolder();
    const app = await makeNexy(folder, '2.0.0.46', { sign: false });
    const output = join(folder, 'Nexy.pkg');
    const file = await openFile(await makePackage({ app, output }));
    expect(await inspectInChild('Nexy.pkg', file.fd)).toEqual({
      isReadable: true,
      payload: {
        bundleId: 'com.nexy.assistant',
        shortVersion: '2.0.0.46',
        bundleVersion: '2.0.0.46',
        minimumSystemVersion: '11.0',
        architectures: ['arm64', 'x86_64'],
      },
      warnings: [],
    });
  });

  it('hands on what clients would refuse, and what cannot be read', async () => {
    const folder = await temporaryFolder();
    const image = await openFile(makeEncryptedLookingImage(join(folder, 'Nexy.dmg')));
    await expect(inspectInChild('Nexy.dmg', image.fd)).rejects.toMatchObject({
      code: 'image-encrypted',
      details: { asset: 'Nexy.dmg' },
    });
    expect(await inspectInChild('Nexy.pkg', image.fd)).toMatchObject({
      isReadable: false,
      reason: expect.stringContaining('not a flat package'),
    });
  });

  it('can be cancelled', async () => {
    const file = await openFile('/etc/hostname');
    await expect(inspectInChild('Nexy.dmg', file.fd, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('leaves the process that uploads small, whatever the files are', {
    skip: !canMakeImages(),
  }, async () => {
    const folder = await temporaryFolder();
    const inbox = join(folder, 'inbox');
    mkdirSync(inbox);
    const source = join(folder, 'source');
    await makeNexy(source, '2.0.0.46', { sign: false });
    await makeDmg(source, join(inbox, 'Nexy.dmg'));
    writeFileSync(join(inbox, 'Nexy.pkg'), '');
    truncateSync(join(inbox, 'Nexy.pkg'), LARGE);
    writeFileSync(join(inbox, 'LATEST_CHANGES.md'), 'new');
    const { json, stderr } = await runScript('read-inbox-child.ts', [inbox, '2.0.0.46']);
    expect({ json, stderr }).toMatchObject({ json: { architecture: 'universal2' } });
    const { bytes, grown } = json as { readonly bytes: number; readonly grown: number };
    expect(bytes).toBeGreaterThan(LARGE);
    expect(grown).toBeLessThan(40);
  });
});
