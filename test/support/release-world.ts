import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type ReleaseHost,
  type ReleaseHostOptions,
  startReleaseHost,
} from '../../src/lab/release-host/release-host.ts';
import type { AppPlan } from './make-app.ts';
import { canMakeImages, makeImage } from './make-image.ts';
import { makePackage } from './make-package.ts';
import { type CliResult, type RunningCli, type StartOptions, startCli } from './run-cli.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { makeNexy } from './update-world.ts';

/** What a release manager has: a folder to work in, a build, a token; and GitHub, which is on loopback. */
export interface ReleaseWorld {
  readonly host: ReleaseHost;
  /** Working directory of the commands. */
  readonly folder: string;
  /** Makes an inbox, below the folder, with a DMG, a PKG and notes of that version. */
  build(version: string, inbox?: string, app?: Partial<AppPlan>): Promise<void>;
  /** Runs a command of nexy-release as a process of its own, against the double of GitHub. */
  release(args: readonly string[], options?: StartOptions): Promise<CliResult>;
  startRelease(args: readonly string[], options?: StartOptions): RunningCli;
  /** Methods and paths of the calls that may write, so far. */
  writes(): readonly string[];
}

/** What the inbox that `fillInbox` leaves is published with. */
export const PUBLISH_TO_BETA: readonly string[] = [
  ...['publish', '--version', '2.0.0.46'],
  ...['--inbox', 'inbox', '--channel', 'beta', '--manifests', 'manifests'],
];

/** Puts files into the inbox that nobody can look into: quick, and the command warns of them. */
export async function fillInbox(
  { folder }: Pick<ReleaseWorld, 'folder'>,
  text = 'of 2.0.0.46',
): Promise<void> {
  await mkdir(join(folder, 'inbox'), { recursive: true });
  for (const name of ['Nexy.dmg', 'Nexy.pkg', 'LATEST_CHANGES.md'])
    await writeFile(join(folder, 'inbox', name), `${name} ${text}\n`.repeat(300));
}

export async function openReleaseWorld(options: ReleaseHostOptions = {}): Promise<ReleaseWorld> {
  const host = await startReleaseHost(options);
  onTestFinished(() => host.close());
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'manifests'));
  const startRelease = (args: readonly string[], more: StartOptions = {}): RunningCli =>
    startCli([...args, '--api-url', host.apiOrigin, '--download-url', host.origin], {
      program: 'nexy-release',
      folder,
      ...more,
      environment: { GITHUB_TOKEN: host.token, GH_TOKEN: undefined, ...more.environment },
    });
  return {
    host,
    folder,
    build: (version, inbox = 'inbox', app = {}) => build(folder, version, join(folder, inbox), app),
    release: (args, more) => startRelease(args, more).result,
    startRelease,
    writes: () =>
      host.log
        .filter(({ on, method }) => (on === 'api' || on === 'upload') && method !== 'GET')
        .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`),
  };
}

/** As a build leaves it; without xorriso the DMG is no image, which the publish flow warns of. */
async function build(folder: string, version: string, inbox: string, more: Partial<AppPlan>): Promise<void> {
  const source = join(folder, `source-${version}`);
  const app = await makeNexy(source, version, more);
  await mkdir(inbox, { recursive: true });
  const dmg = join(inbox, 'Nexy.dmg');
  if (canMakeImages()) makeImage({ sourceFolder: source, volumeName: 'Nexy', output: dmg });
  else await writeFile(dmg, `no disk image of ${version}`);
  await makePackage({ app, output: join(inbox, 'Nexy.pkg') });
  await writeFile(join(inbox, 'LATEST_CHANGES.md'), `# What is new in ${version}\n\n- It is better.\n`);
}
