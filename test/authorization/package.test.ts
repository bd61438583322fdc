import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InstallerFaults } from '../macos-tools/lib/tool.ts';
import { type AuthorizedWorld, openAuthorizedWorld, SHELLS } from '../support/authorized-world.ts';
import { makeAuthority, makeIdentity, writeKeychain } from '../support/make-identity.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makePackage, type PackagePlan } from '../support/make-package.ts';
import { BOB, CAN_BE_OTHERS, NEEDS_OTHERS } from '../support/other-user.ts';
import { chownTree, describeTree } from '../support/tree.ts';
import { BUNDLE_ID, makeDmg, makeNexy, OWNER } from '../support/update-world.ts';

const TEAM = 'NEXYTEAM01';
const made = mkdtempSync(join(tmpdir(), 'nexy-package-update-'));
const authority = makeAuthority();
const installerIdentity = makeIdentity({ kind: 'installer', team: TEAM, authority });
let oldApp: string;
let newApp: string;

/** An app that the team has signed. */
async function makeTeamApp(folder: string, version: string, keychain: string): Promise<string> {
  const identity = { name: `Developer ID Application: Nexy Ltd (${TEAM})`, keychain };
  return makeNexy(join(made, folder), version, { sign: { identity } });
}

beforeAll(async () => {
  if (!CAN_BE_OTHERS) return;
  const signer = makeIdentity({ kind: 'application', team: TEAM, authority });
  const keychain = writeKeychain(join(made, 'keychain.pem'), [signer]);
  oldApp = await makeTeamApp('old', '2.0.0.45', keychain);
  newApp = await makeTeamApp('new', '2.0.0.46', keychain);
  chownTree(newApp, 0, 0);
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

/** A Mac that trusts the team, with 2.0.0.45 installed. */
async function openWorld(
  options: { readonly shell?: readonly string[]; readonly installerFaults?: InstallerFaults } = {},
): Promise<AuthorizedWorld> {
  const { shell, installerFaults } = options;
  const authorized = await openAuthorizedWorld({
    ...(shell === undefined ? {} : { shell }),
    machine: {
      appleRoots: [authority.fingerprint],
      ...(installerFaults === undefined ? {} : { installer: installerFaults }),
    },
  });
  authorized.world.install(oldApp);
  return authorized;
}

async function makeUpdatePackage(
  { world }: AuthorizedWorld,
  plan: Partial<PackagePlan> = {},
): Promise<string> {
  return makePackage({
    app: newApp,
    output: join(world.folder, 'Nexy.pkg'),
    installLocation: dirname(world.app),
    identity: installerIdentity,
    ...plan,
  });
}

function offerPackage({ world }: AuthorizedWorld, path: string): void {
  const bytes = readFileSync(path);
  const url = world.host.publish('v2.0.0.46', 'Nexy.pkg', bytes, OWNER);
  world.offer({ version: '2.0.0.46', url, bytes, artifact: { type: 'pkg' } });
}

describe.skipIf(!CAN_BE_OTHERS).each(Object.entries(SHELLS))(
  `an update by package, under %s${NEEDS_OTHERS}`,
  (_, shell) => {
    let authorized: AuthorizedWorld;
    afterEach(() => authorized.close());

    it('is installed by the Installer, with a receipt, and the old app is kept', async () => {
      authorized = await openWorld({ shell });
      const { world, agent } = authorized;
      offerPackage(authorized, await makeUpdatePackage(authorized));
      const result = await authorized.update();
      expect(result, result.stderr).toMatchObject({
        status: 0,
        json: { installed: true, from: '2.0.0.45', to: '2.0.0.46' },
      });
      expect(world.installedTree()).toEqual(describeTree(newApp));
      expect(agent.requests).toHaveLength(1);
      const receipt = execFileSync(join(world.tools, 'pkgutil'), ['--pkg-info', BUNDLE_ID], {
        encoding: 'utf8',
      });
      expect(receipt).toContain('version: 2.0.0.46');
      const [journal, folder] = world.beside().toSorted((a, b) => b.length - a.length);
      expect(journal).toMatch(/\.journal$/);
      expect(describeTree(join(dirname(world.app), folder ?? '', 'old'))).toEqual(describeTree(oldApp));
      expect((await world.installation('status')).json).toMatchObject({ state: 'swapped' });
    });

    it.each<[string, InstallerFaults]>([
      ['in the middle of the files', { failsAfterFiles: 5 }],
      ['because the Installer dies', { diesAfterFiles: 9 }],
    ])('that fails %s leaves the old app as it was', async (_why, installerFaults) => {
      authorized = await openWorld({ shell, installerFaults });
      const { world } = authorized;
      offerPackage(authorized, await makeUpdatePackage(authorized));
      expect(await authorized.update()).toMatchObject({
        status: 1,
        json: { error: { code: 'pkg-install-failed', message: expect.stringContaining('Installer failed') } },
      });
      expect(world.installedTree()).toEqual(describeTree(oldApp));
      expect((await world.installation('status')).json).toMatchObject({ state: 'rolled-back' });
      expect(world.beside()).toHaveLength(1);
    });
  },
);

describe.skipIf(!CAN_BE_OTHERS)(`an update by package${NEEDS_OTHERS}`, () => {
  let authorized: AuthorizedWorld;
  beforeEach(async () => {
    authorized = await openWorld();
  });
  afterEach(() => authorized.close());

  it('is taken back when its script fails after the files were written', async () => {
    const { world } = authorized;
    const scripts = { postinstall: '#!/bin/sh\nexit 3\n' };
    offerPackage(authorized, await makeUpdatePackage(authorized, { scripts }));
    expect((await authorized.update()).json).toMatchObject({ error: { code: 'pkg-install-failed' } });
    expect(world.installedTree()).toEqual(describeTree(oldApp));
  });

  it('is taken back when a script of its own changes what was installed', async () => {
    const { world } = authorized;
    const resource = join(world.app, 'Contents', 'Resources', 'app.asar');
    const scripts = { postinstall: `#!/bin/sh\necho other > '${resource}'\n` };
    offerPackage(authorized, await makeUpdatePackage(authorized, { scripts }));
    expect((await authorized.update()).json).toMatchObject({
      error: { code: 'pkg-install-failed', message: expect.stringContaining('not signed as it should be') },
    });
    expect(world.installedTree()).toEqual(describeTree(oldApp));
  });

  it('is refused before anybody is asked, when another team has signed it', async () => {
    const identity = makeIdentity({ kind: 'installer', team: 'OTHERTEAM1', authority });
    offerPackage(authorized, await makeUpdatePackage(authorized, { identity }));
    expect((await authorized.update()).json).toMatchObject({ error: { code: 'requirement-mismatch' } });
    expect(authorized.agent.requests).toEqual([]);
    expect(authorized.world.beside()).toEqual([]);
  });

  it('is refused before anybody is asked, when it would install elsewhere', async () => {
    const installLocation = join(authorized.world.folder, 'Elsewhere');
    offerPackage(authorized, await makeUpdatePackage(authorized, { installLocation }));
    expect((await authorized.update()).json).toMatchObject({ error: { code: 'pkg-wrong-location' } });
    expect(authorized.agent.requests).toEqual([]);
  });

  it('asks also for an app of one’s own', async () => {
    const { world, agent, user } = authorized;
    chownTree(dirname(world.app), user.uid, user.gid);
    offerPackage(authorized, await makeUpdatePackage(authorized));
    expect((await authorized.update()).json).toMatchObject({ installed: true });
    expect(agent.requests).toHaveLength(1);
    expect(lstatSync(world.app).isDirectory()).toBe(true);
  });

  it('takes the old app of somebody else back with its owner', async () => {
    const { world } = authorized;
    chownTree(world.app, BOB.uid, BOB.gid);
    const scripts = { preinstall: '#!/bin/sh\nexit 1\n' };
    offerPackage(authorized, await makeUpdatePackage(authorized, { scripts }));
    expect((await authorized.update()).json).toMatchObject({ error: { code: 'pkg-install-failed' } });
    expect(lstatSync(join(world.app, 'Contents', 'Info.plist')).uid).toBe(BOB.uid);
  });

  it.skipIf(!canMakeImages())('comes also inside a disk image', async () => {
    const { world } = authorized;
    const folder = join(world.folder, 'image');
    execFileSync('mkdir', [folder]);
    await makeUpdatePackage(authorized, { output: join(folder, 'Nexy.pkg') });
    world.publish('2.0.0.46', await makeDmg(folder, join(world.folder, 'Nexy.dmg')));
    const result = await authorized.update();
    expect(result.json, result.stderr).toMatchObject({ installed: true });
    expect(world.installedTree()).toEqual(describeTree(newApp));
  });
});
