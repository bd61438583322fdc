import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspectPackage } from '../../src/install/inspect-package.ts';
import { Tools } from '../../src/install/tools.ts';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { canMakeImages } from '../support/make-image.ts';
import { PackageWorld, TEAM } from '../support/package-world.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { BUNDLE_ID, makeDmg } from '../support/update-world.ts';

let world: PackageWorld;
let app: string;
beforeEach(async () => {
  world = new PackageWorld(await temporaryFolder());
  app = await world.makeApp('2.0.0.46', { sign: false });
});

const inspect = (path: string, checksSignature = true) =>
  inspectPackage(path, { tools: new Tools(world.tools), checksSignature });

const SIGNER = `Developer ID Installer: Nexy Ltd (${TEAM})`;

describe('inspect of a package', () => {
  it('tells of table, signer, choices, components, scripts, bill of materials and payload', async () => {
    const path = await world.makePackage(app, {
      minimumSystemVersion: '12.0',
      isVersionChecked: true,
      scripts: { preinstall: '#!/bin/sh\n', 'helper.sh': '' },
    });
    const found = await inspect(path);
    expect(found).toMatchObject({
      title: 'Nexy',
      signature: {
        state: 'valid',
        team: TEAM,
        isNotarized: true,
        certificates: [SIGNER, 'Developer ID Certification Authority', 'Apple Root CA'],
      },
      table: { checksum: 'sha1', signatures: ['RSA'] },
      distribution: {
        hostArchitectures: ['arm64', 'x86_64'],
        allowedSystems: [{ minimum: '12.0', before: null }],
        domains: { anywhere: false, currentUserHome: false, localSystem: true },
        choices: [{ id: 'default' }, { id: BUNDLE_ID, packages: [BUNDLE_ID], startSelected: null }],
      },
      components: [
        {
          member: `${BUNDLE_ID}.pkg`,
          identifier: BUNDLE_ID,
          version: '2.0.0.46',
          installLocation: world.applications,
          isRelocatable: false,
          versionChecked: [BUNDLE_ID],
          hasScripts: true,
          scripts: ['preinstall'],
          scriptFiles: ['preinstall', 'helper.sh'],
          disagreements: [],
        },
      ],
    });
    expect(found.table.members.map(({ path: name }) => name)).toContain(`${BUNDLE_ID}.pkg/Payload`);
    const [component] = found.components;
    const { folders = 0, files = 0, links = 0 } = component?.payload ?? {};
    expect(component?.bom).toHaveLength(folders + files + links);
    expect(component?.bom).toContainEqual(
      expect.objectContaining({ path: 'Nexy.app/Contents/PkgInfo', kind: 'file', size: 8 }),
    );
  });

  it('names the certificates also where nobody can say whether they are good', async () => {
    const path = await world.makePackage(app);
    const notChecked = {
      state: 'not-checked',
      team: null,
      certificates: [SIGNER, expect.anything(), expect.anything()],
    };
    expect((await inspect(path, false)).signature).toMatchObject(notChecked);
    rmSync(join(world.tools, 'pkgutil'));
    expect((await inspect(path)).signature).toMatchObject(notChecked);
  });

  it('tells signed by nobody, and by somebody unknown', async () => {
    expect((await inspect(await world.makeUnsignedPackage(app))).signature).toMatchObject({
      state: 'unsigned',
      message: 'no signature',
    });
    const another = new PackageWorld(await temporaryFolder());
    expect((await inspect(await another.makePackage(app))).signature).toMatchObject({
      state: 'invalid',
      message: 'signed by untrusted certificate',
    });
  });

  it('tells what bill of materials and payload disagree about', async () => {
    const path = await world.makeUnsignedPackage(app, {
      changes: { bom: (files) => [...files, { path: './Nexy.app/more', text: '' }] },
    });
    expect((await inspect(path)).components[0]?.disagreements).toEqual([
      { path: 'Nexy.app/more', what: 'missing' },
    ]);
  });
});

const skipped = canMakeImages() ? '' : ' (skipped: xorriso is not installed)';
it.skipIf(!canMakeImages())(
  `the command shows it to people, also out of a disk image${skipped}`,
  async () => {
    const folder = join(world.folder, 'image');
    mkdirSync(folder);
    const path = await world.makePackage(app, {
      scripts: { postinstall: '#!/bin/sh\n' },
      isRelocatable: true,
    });
    renameSync(path, join(folder, 'Nexy.pkg'));
    const image = await makeDmg(folder, join(world.folder, 'Nexy.dmg'));
    const { status, stdout } = await runCli(['inspect', image, '--tools', world.tools]);
    expect(status).toBe(0);
    for (const text of [
      '  Nexy.pkg\n',
      `signature     valid, "${SIGNER}" (signed by a developer certificate issued by Apple for distribution), notarized`,
      'needs         macOS any, arm64 or x86_64',
      `installs to   ${world.applications} (relocatable: may go elsewhere)`,
      `relocates     ${BUNDLE_ID}`,
      'scripts       runs programs of its own as root: postinstall',
      `bundle        Nexy.app: ${BUNDLE_ID} 2.0.0.46 (2.0.0.46)`,
      'payload       ',
      'bill          ',
    ])
      expect(stdout).toContain(text);
  },
);

it.skipIf(!HAS_FIXTURES)(`a real package is told as before, with more${NEEDS_FIXTURES}`, async () => {
  const { json } = await runCli([
    'inspect',
    join(FIXTURES, 'disk-images', 'test.pkg'),
    '--json',
    '--no-codesign',
  ]);
  expect(json).toMatchObject({
    type: 'pkg',
    bundleId: 'org.sparkle-project.testapp',
    apps: [],
    packages: [
      {
        name: 'test.pkg',
        title: null,
        components: [
          {
            identifier: 'org.sparkle-project.testpkg',
            version: '0',
            installLocation: '/tmp',
            isRelocatable: true,
            bundles: [{ id: 'org.sparkle-project.testapp', path: 'sparklepkgtest.app' }],
            hasScripts: false,
            relocates: ['org.sparkle-project.testapp'],
            payload: { folders: 2, files: 2, links: 0, size: 273 },
          },
        ],
      },
    ],
  });
});
