import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { identityAt } from '../../src/install/exchange.ts';
import { readInstallationStatus } from '../../src/install/installation.ts';
import { type JournalEntry, JournalWriter, parseJournal } from '../../src/install/journal.ts';
import { readLastInstall } from '../../src/install/last-install.ts';
import {
  type Layout,
  layoutOf,
  makeStagingId,
  type StagingPaths,
  stagingPaths,
} from '../../src/install/layout.ts';
import { recover } from '../../src/install/recover.ts';
import { rollBack } from '../../src/install/rollback.ts';
import { Tools } from '../../src/install/tools.ts';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { versionAt } from '../support/running-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AT = '2026-11-24T12:00:00.000Z';
const now = (): Date => new Date(AT);
const tools = new Tools(MACOS_TOOLS);

function makeApp(app: string, version: string): void {
  mkdirSync(join(app, 'Contents', 'Resources'), { recursive: true });
  writeFileSync(join(app, 'Contents', 'Resources', 'version'), version);
}

interface PackageInstall {
  readonly layout: Layout;
  readonly paths: StagingPaths;
}

/** Root's install of a package over 1.0, as far as its journal says. */
async function makePackageInstall(steps: readonly JournalEntry['step'][]): Promise<PackageInstall> {
  const layout = await layoutOf(join(await temporaryFolder(), 'Nexy.app'));
  makeApp(layout.target, '1.0');
  const paths = stagingPaths(layout, makeStagingId(new Date()));
  mkdirSync(paths.folder);
  cpSync(layout.target, paths.oldApp, { recursive: true });
  const oldApp = identityAt(paths.oldApp);
  if (oldApp === null) throw new Error('There is no copy.');
  const journal = JournalWriter.create(paths);
  const begin = { target: layout.target, bundleId: 'b', from: '1.0', to: '2.0', sha256: 'c' };
  journal.append({ step: 'begin', at: AT, ...begin });
  journal.append({ step: 'aside', at: AT, oldApp });
  for (const step of steps) {
    if (step === 'installing' || step === 'exchanged' || step === 'died') journal.append({ step, at: AT });
  }
  journal.close();
  return { layout, paths };
}

/** As the Installer leaves it: files are put into the directory that is there. */
function putNewVersion({ layout }: PackageInstall): void {
  writeFileSync(join(layout.target, 'Contents', 'Resources', 'version'), '2.0');
}

const stateOf = async ({ layout }: PackageInstall) => (await readInstallationStatus(layout)).state;
const repair = ({ layout }: PackageInstall) =>
  recover(layout, { tools, cacheFolder: null, now, warn: () => undefined });
const lastLine = ({ paths }: PackageInstall) => parseJournal(readFileSync(paths.journal, 'utf8')).at(-1);

describe('an install of a package', () => {
  it('that came no further than the copy leaves the app alone', async () => {
    const install = await makePackageInstall([]);
    expect(await stateOf(install)).toBe('staged');
    expect(await repair(install)).toBe('undone');
    expect(versionAt(install.layout.target)).toBe('1.0');
  });

  it('whose Installer was cut off is taken back from the copy', async () => {
    const install = await makePackageInstall(['installing']);
    rmSync(join(install.layout.target, 'Contents'), { recursive: true });
    expect(await confirmUpdate(install.layout, now)).toBeNull();
    expect(await repair(install)).toBe('undone');
    expect(versionAt(install.layout.target)).toBe('1.0');
    expect(lastLine(install)).toMatchObject({ step: 'undone', reason: 'interrupted' });
    expect(await repair(install)).toBe('none');
  });

  it('whose Installer was cut off before it had put an app there', async () => {
    const install = await makePackageInstall(['installing']);
    rmSync(install.layout.target, { recursive: true });
    expect(await repair(install)).toBe('undone');
    expect(versionAt(install.layout.target)).toBe('1.0');
  });

  it('whose copy is gone is not touched', async () => {
    const install = await makePackageInstall(['installing']);
    rmSync(install.paths.oldApp, { recursive: true });
    expect(await repair(install)).toBe('none');
    expect(versionAt(install.layout.target)).toBe('1.0');
  });

  it('that succeeded waits to be confirmed, and is told', async () => {
    const install = await makePackageInstall(['installing', 'exchanged']);
    putNewVersion(install);
    expect(await stateOf(install)).toBe('swapped');
    expect(await repair(install)).toBe('none');
    expect(await readLastInstall(install.layout, '/none')).toMatchObject({ outcome: 'installed', to: '2.0' });
    expect(await confirmUpdate(install.layout, now)).toMatchObject({ from: '1.0', to: '2.0' });
    expect(await stateOf(install)).toBe('confirmed');
    expect(versionAt(install.layout.target)).toBe('2.0');
    expect(versionAt(install.paths.oldApp)).toBeNull();
  });

  it('can be gone back from until then', async () => {
    const install = await makePackageInstall(['installing', 'exchanged']);
    putNewVersion(install);
    expect(await rollBack(install.layout, { tools, now })).toEqual({ from: '2.0', to: '1.0' });
    expect(versionAt(install.layout.target)).toBe('1.0');
    expect(await stateOf(install)).toBe('rolled-back');
  });

  it('that was being taken back is so afterwards', async () => {
    const install = await makePackageInstall(['installing', 'exchanged', 'died', 'died']);
    rmSync(install.layout.target, { recursive: true });
    expect(await repair(install)).toBe('undone');
    expect(versionAt(install.layout.target)).toBe('1.0');
    expect(lastLine(install)).toMatchObject({ step: 'undone', reason: 'failed-starts' });
  });
});
