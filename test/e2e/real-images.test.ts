import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { extractImage } from '../../src/image/read-image.ts';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { canMakeImages } from '../support/make-image.ts';
import { describeTree } from '../support/tree.ts';
import { unzip } from '../support/unzip.ts';
import { makeDmg, OWNER, UpdateWorld } from '../support/update-world.ts';

const IMAGES = join(FIXTURES, 'disk-images');
const SPARKLE_IMAGE = join(IMAGES, 'SparkleTestCodeSignApp.dmg');

const made = mkdtempSync(join(tmpdir(), 'nexy-real-'));
let world: UpdateWorld;
beforeEach(async () => {
  world = await UpdateWorld.open();
});
afterEach(() => world.close());
afterAll(() => rmSync(made, { recursive: true, force: true }));

/** The installed app says that it is of an older version. */
function lowerVersion(app: string, from: string, to: string): void {
  const path = join(app, 'Contents', 'Info.plist');
  const text = readFileSync(path, 'utf8');
  const lowered = text.replaceAll(`<string>${from}</string>`, `<string>${to}</string>`);
  expect(lowered).not.toBe(text);
  writeFileSync(path, lowered);
}

function offer(version: string, image: string): void {
  const bytes = readFileSync(image);
  world.offer({ version, bytes, url: world.host.publish(`v${version}`, 'Nexy.dmg', bytes, OWNER) });
}

describe.skipIf(!HAS_FIXTURES)(`a real image with HFS+ and a licence agreement${NEEDS_FIXTURES}`, () => {
  it('installs over a lowered copy of its app, byte for byte', async () => {
    const contents = join(made, 'sparkle');
    mkdirSync(contents);
    await extractImage(SPARKLE_IMAGE, contents);
    const app = join(contents, 'SparkleTestCodeSignApp.app');
    world.install(app);
    lowerVersion(world.app, '1.5', '1.4');
    offer('1.5', SPARKLE_IMAGE);
    const { json, stderr } = await world.update('--no-codesign');
    expect(json).toMatchObject({ installed: true, from: '1.4', to: '1.5' });
    expect(stderr).toContain('signatures are NOT checked');
    expect(world.installedTree()).toEqual(describeTree(app));
    expect(world.mounted()).toEqual([]);
  });

  it('is refused without --no-codesign, since its app is not signed', async () => {
    const contents = join(made, 'sparkle-again');
    mkdirSync(contents);
    await extractImage(SPARKLE_IMAGE, contents);
    world.install(join(contents, 'SparkleTestCodeSignApp.app'));
    lowerVersion(world.app, '1.5', '1.4');
    offer('1.5', SPARKLE_IMAGE);
    expect((await world.update()).json).toMatchObject({ error: { code: 'signature-invalid' } });
    expect(world.beside()).toEqual([]);
  });
});

describe.skipIf(!HAS_FIXTURES)(`a real image with a package${NEEDS_FIXTURES}`, () => {
  const image = join(IMAGES, 'SparkleTestCodeSign_pkg.dmg');

  async function installSparkleApp(bundleId: string): Promise<readonly string[]> {
    const contents = mkdtempSync(join(made, 'sparkle-'));
    await extractImage(SPARKLE_IMAGE, contents);
    world.install(join(contents, 'SparkleTestCodeSignApp.app'));
    lowerVersion(world.app, 'org.sparkle-project.SparkleTestApp', bundleId);
    return world.installedTree();
  }

  it('is refused: it holds another app', async () => {
    const before = await installSparkleApp('com.nexy.assistant');
    offer('2.0', image);
    expect((await world.update('--no-codesign')).json).toMatchObject({
      error: { code: 'bundle-id-mismatch' },
    });
    expect(world.installedTree()).toEqual(before);
  });

  it('is refused: it would install to another place', async () => {
    const before = await installSparkleApp('org.sparkle-project.testapp');
    offer('2.0', image);
    expect((await world.update('--no-codesign')).json).toMatchObject({
      error: { code: 'pkg-wrong-location' },
    });
    expect(world.installedTree()).toEqual(before);
    expect(world.beside()).toEqual([]);
    expect(world.mounted()).toEqual([]);
  });
});

const canSign = HAS_FIXTURES && canMakeImages();

describe.skipIf(!canSign)(
  `an app that a real team signed${canSign ? '' : ' (skipped: needs ../shared/fixtures and xorriso)'}`,
  () => {
    let first: string;
    let second: string;

    beforeAll(async () => {
      await unzip(join(IMAGES, 'DevSignedApp.zip'), join(made, 'one'));
      await unzip(join(IMAGES, 'DevSignedAppVersion2.zip'), join(made, 'two'));
      first = join(made, 'one', 'DevSignedApp.app');
      second = join(made, 'two', 'DevSignedAppVersion2.app');
      // A ZIP written on a Mac keeps the modes; what unpacks it here may not.
      for (const app of [first, second]) chmodSync(join(app, 'Contents', 'MacOS', 'SignedApp'), 0o755);
    });

    /** An image of version 2 with something done to it. */
    async function imageOfSecond(name: string, change: (app: string) => void): Promise<string> {
      const folder = join(made, name);
      cpSync(second, join(folder, 'DevSignedApp.app'), { recursive: true, verbatimSymlinks: true });
      change(join(folder, 'DevSignedApp.app'));
      return makeDmg(folder, join(made, `${name}.dmg`));
    }

    it('goes from 1.0 to 2.0, with its seal checked', async () => {
      world.install(first);
      offer('2.0', await imageOfSecond('good', () => undefined));
      expect((await world.update()).json).toMatchObject({ installed: true, from: '1.0', to: '2.0' });
      expect(world.installedTree()).toEqual(describeTree(second));
    });

    it('stays when one byte of a sealed resource was changed', async () => {
      world.install(first);
      const image = await imageOfSecond('changed', (app) => {
        const nib = join(app, 'Contents', 'Resources', 'Base.lproj', 'MainMenu.nib');
        const bytes = readFileSync(nib);
        bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
        writeFileSync(nib, bytes);
      });
      offer('2.0', image);
      expect((await world.update()).json).toMatchObject({ error: { code: 'signature-invalid' } });
      expect(world.installedTree()).toEqual(describeTree(first));
      expect(world.beside()).toEqual([]);
    });
  },
);
