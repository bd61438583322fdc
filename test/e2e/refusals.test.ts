import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canMakeImages } from '../support/make-image.ts';
import { makeDmg, makeNexy, OWNER, UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`an update is refused, and nothing is changed${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-refused-'));
  let world: UpdateWorld;
  let before: readonly string[];
  let good: string;

  /** An image of a folder that `fill` fills. */
  async function imageOf(
    name: string,
    fill: (folder: string) => Promise<unknown> | unknown,
  ): Promise<string> {
    const folder = join(made, name);
    mkdirSync(folder, { recursive: true });
    await fill(folder);
    return makeDmg(folder, join(made, `${name}.dmg`));
  }

  beforeAll(async () => {
    await makeNexy(join(made, 'installed'), '2.0.0.45');
    good = await imageOf('good', (folder) => makeNexy(folder, '2.0.0.46'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    world = await UpdateWorld.open();
    world.install(join(made, 'installed', 'Nexy.app'));
    before = world.installedTree();
  });
  afterEach(() => world.close());

  /** Offers these bytes as 2.0.0.46 and expects the refusal, the target as it was, and nothing left over. */
  async function expectRefusal(bytes: Uint8Array, code: string, ...more: readonly string[]): Promise<void> {
    const url = world.host.publish('v2.0.0.46', 'Nexy.dmg', bytes, OWNER);
    world.offer({ version: '2.0.0.46', url, bytes });
    const { status, json, stderr } = await world.update(...more);
    expect({ status, json }, stderr).toMatchObject({
      status: 1,
      json: { error: { code, message: expect.any(String) } },
    });
    expectUntouched();
  }

  function expectUntouched(): void {
    expect(world.installedTree()).toEqual(before);
    expect(world.beside()).toEqual([]);
    expect(world.mounted()).toEqual([]);
  }

  it('when the image is encrypted', async () => {
    await expectRefusal(Buffer.concat([Buffer.from('encrcdsa'), randomBytes(4096)]), 'image-encrypted');
  });

  it('when the image was cut short', async () => {
    const bytes = readFileSync(good);
    await expectRefusal(bytes.subarray(0, bytes.length - 600), 'image-unreadable');
  });

  it.each([0.1, 0.3, 0.5, 0.7])('when one bit is wrong, %d of the way through the data', async (part) => {
    const bytes = Buffer.from(readFileSync(good));
    const at = Math.floor(dataLength(bytes) * part);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
    await expectRefusal(bytes, 'image-unreadable');
  });

  it('when it is no image at all', async () => {
    await expectRefusal(randomBytes(10_000), 'image-unreadable');
  });

  it('when the bundle id is another', async () => {
    const image = await imageOf('other-id', (folder) =>
      makeNexy(folder, '2.0.0.46', { bundleId: 'com.example.other' }),
    );
    await expectRefusal(readFileSync(image), 'bundle-id-mismatch');
  });

  it('when there are two apps inside', async () => {
    const image = await imageOf('two', async (folder) => {
      await makeNexy(folder, '2.0.0.46');
      await makeNexy(folder, '2.0.0.46', { bundleName: 'Nexy copy.app' });
    });
    await expectRefusal(readFileSync(image), 'payload-ambiguous');
  });

  it('when what is called Nexy.app is a link', async () => {
    const image = await imageOf('link', async (folder) => {
      await makeNexy(join(folder, '.hidden'), '2.0.0.46');
      symlinkSync('.hidden/Nexy.app', join(folder, 'Nexy.app'));
    });
    await expectRefusal(readFileSync(image), 'payload-not-found');
  });

  it('when its Contents is a link to a folder outside of the app', async () => {
    const image = await imageOf('hollow', async (folder) => {
      const app = await makeNexy(folder, '2.0.0.46', { sign: false });
      renameSync(join(app, 'Contents'), join(folder, '.Contents'));
      symlinkSync('../.Contents', join(app, 'Contents'));
    });
    await expectRefusal(readFileSync(image), 'payload-not-found', '--no-codesign');
  });

  it('when the version inside is another: once, and the same bytes are not fetched again', async () => {
    const image = await imageOf('older', (folder) => makeNexy(folder, '2.0.0.31'));
    const bytes = readFileSync(image);
    await expectRefusal(bytes, 'payload-version-mismatch');
    const requests = world.host.log.length;
    const { status, json } = await world.update();
    expect({ status, json }).toMatchObject({
      status: 0,
      json: { installed: false, action: 'held', reason: 'artifact-refused-before' },
    });
    expect(world.host.log.slice(requests).map(({ on }) => on)).toEqual(['manifest']);
    expect((await world.check()).json).toMatchObject({ action: 'held', reason: 'artifact-refused-before' });
    expect((await world.check('--manual')).json).toMatchObject({ reason: 'artifact-refused-before' });
  });

  it('when this Mac is too old for what is inside', async () => {
    const image = await imageOf('newer-os', (folder) =>
      makeNexy(folder, '2.0.0.46', { minimumSystemVersion: '99.0' }),
    );
    await expectRefusal(readFileSync(image), 'payload-incompatible');
  });

  it('when a sealed file was changed', async () => {
    const image = await imageOf('changed', async (folder) => {
      const app = await makeNexy(folder, '2.0.0.46');
      writeFileSync(join(app, 'Contents', 'Resources', 'app.asar'), 'other code');
    });
    await expectRefusal(readFileSync(image), 'signature-invalid');
  });

  it('when it does not satisfy the requirement of the installed app', async () => {
    const requirement = 'identifier "com.nexy.assistant" and info[Team] = "A"';
    await makeNexy(join(made, 'strict'), '2.0.0.45', { sign: { requirement } });
    world.install(join(made, 'strict', 'Nexy.app'));
    before = world.installedTree();
    await expectRefusal(readFileSync(good), 'requirement-mismatch');
  });

  it('when it is not signed at all', async () => {
    const image = await imageOf('unsigned', (folder) => makeNexy(folder, '2.0.0.46', { sign: false }));
    await expectRefusal(readFileSync(image), 'signature-invalid');
  });

  it('when the manifest lies about size, digest or tag', async () => {
    const bytes = readFileSync(good);
    const url = world.host.publish('v2.0.0.46', 'Nexy.dmg', bytes, OWNER);
    for (const [code, artifact] of [
      ['size-mismatch', { size: bytes.length + 1 }],
      ['size-mismatch', { size: bytes.length - 1 }],
      ['sha256-mismatch', { sha256: createHash('sha256').update('other').digest('hex') }],
      ['manifest-rejected', { url: url.replace('v2.0.0.46', 'v2.0.0.45') }],
      ['manifest-rejected', { type: 'txt' }],
    ] as const) {
      world.offer({ version: '2.0.0.46', url, bytes, artifact });
      expect((await world.update()).json).toMatchObject({ error: { code } });
      expectUntouched();
    }
  });

  it('when nothing is published under the version tag, without a look at the fixed one', async () => {
    const bytes = readFileSync(good);
    world.host.publish('Update', 'Nexy.dmg', bytes, OWNER);
    const url = `${world.host.origin}/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`;
    world.offer({ version: '2.0.0.46', url, bytes });
    expect((await world.update()).json).toMatchObject({ error: { code: 'not-published' } });
    expect(world.host.log.filter(({ path }) => path.includes('/Update/'))).toEqual([]);
    expectUntouched();
  });

  it.skipIf(process.getuid?.() !== 0)(
    'when the payload fills the disk (root only: mounts a small one)',
    async () => {
      const small = join(world.folder, 'Applications');
      const image = await imageOf('large', (folder) =>
        makeNexy(folder, '2.0.0.46', { extraFiles: { 'Contents/Resources/large': randomBytes(6_000_000) } }),
      );
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', small]);
      try {
        cpSync(join(made, 'installed', 'Nexy.app'), world.app, { recursive: true, verbatimSymlinks: true });
        before = world.installedTree();
        await expectRefusal(readFileSync(image), 'disk-full');
      } finally {
        execFileSync('umount', [small]);
      }
    },
  );

  it('when the app to be updated is a link, a file, or not there', async () => {
    world.publish('2.0.0.46', good);
    const link = join(world.folder, 'Link.app');
    symlinkSync(world.app, link);
    for (const app of [link, join(made, 'good.dmg'), join(world.folder, 'None.app')]) {
      const { json } = await world.update('--app', app);
      expect(json).toMatchObject({ error: { code: 'app-not-found' } });
    }
  });
});

/** Length of an image's data, from its trailer (field DataForkLength at 32 of `koly`). */
function dataLength(image: Buffer): number {
  return Number(image.readBigUInt64BE(image.length - 512 + 32));
}
