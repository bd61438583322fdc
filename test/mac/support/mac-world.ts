import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readBundle } from '../../../src/bundle/bundle.ts';
import { manifestText } from '../../../src/lab/manifest-text.ts';
import { type ReleaseHost, startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { type CliResult, runCli } from '../../support/run-cli.ts';
import { OWNER } from '../../support/update-world.ts';
import { attachedBelow, detachBelow } from './attached-images.ts';
import type { MacKit } from './mac-kit.ts';

const run = promisify(execFile);

/** An installed app in a folder of its own, and releases on loopback. Nothing outside of the folder is touched. */
export class MacWorld {
  /** Real path: Apple's tools report that. */
  readonly folder: string;
  readonly app: string;
  readonly host: ReleaseHost;
  readonly kit: MacKit;

  private constructor(folder: string, host: ReleaseHost, kit: MacKit) {
    this.folder = folder;
    this.app = join(folder, 'Applications', 'Nexy.app');
    this.host = host;
    this.kit = kit;
  }

  static async open(kit: MacKit): Promise<MacWorld> {
    const folder = await realpath(await mkdtemp(join(kit.base, 'nexy-mac-')));
    await mkdir(join(folder, 'Applications'));
    return new MacWorld(folder, await startReleaseHost(), kit);
  }

  async close(): Promise<void> {
    await this.host.close();
    await detachBelow([this.folder], this.kit.tools);
    // What root has installed only root can remove.
    if (this.kit.root !== null) await this.runAsRoot('/bin/rm', ['-rf', this.folder]);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Copies an app into place. */
  async install(app: string): Promise<void> {
    const { status, stderr } = await this.kit.tools.run('ditto', [app, this.app]);
    if (status !== 0) throw new Error(stderr);
  }

  /** Publishes a file under its version tag, and a manifest that offers it. */
  async publish(version: string, file: string, type: 'dmg' | 'pkg'): Promise<void> {
    const bytes = await readFile(file);
    const url = this.host.publish(`v${version}`, `Nexy.${type}`, bytes, OWNER);
    this.host.setManifest('/manifest.json', manifestText({ version, url, bytes, artifact: { type } }));
  }

  update(more: readonly string[] = [], through: readonly string[] = []): Promise<CliResult> {
    const { host } = this;
    const words = [
      ...['update', '--json', '--yes', '--no-relaunch', '--app', this.app],
      ...['--allow-loopback', '--download-base', host.origin, '--manifest', `${host.origin}/manifest.json`],
    ];
    return runCli([...words, ...this.#folderOptions(), ...more], { through });
  }

  /** What is in an image or a package. */
  inspect(file: string): Promise<CliResult> {
    return runCli(['inspect', file, '--json', ...this.#folderOptions()]);
  }

  /** status, confirm, rollback or recover. */
  installation(command: string, through: readonly string[] = []): Promise<CliResult> {
    return runCli([command, '--json', '--app', this.app, ...this.#folderOptions()], { through });
  }

  async installedVersion(): Promise<string | null> {
    return (await readBundle(this.app)).shortVersion;
  }

  /** Whether codesign finds nothing wrong with the installed app. */
  async isIntact(): Promise<boolean> {
    const words = ['--verify', '--deep', '--strict', this.app];
    return (await this.kit.tools.run('codesign', words)).status === 0;
  }

  async attached(): Promise<readonly string[]> {
    return attachedBelow([this.folder], this.kit.tools);
  }

  /** Names of everything beside the installed app. */
  async beside(): Promise<readonly string[]> {
    const names = await readdir(dirname(this.app));
    return names.filter((name) => name !== basename(this.app) && name !== '.DS_Store');
  }

  async runAsRoot(program: string, words: readonly string[]): Promise<void> {
    const [first = '', ...rest] = [...(this.kit.root ?? []), program, ...words];
    await run(first, rest);
  }

  #folderOptions(): readonly string[] {
    const { folder, kit } = this;
    const tools = kit.toolsFolder === null ? [] : ['--tools', kit.toolsFolder];
    return [...tools, '--cache', join(folder, 'cache'), '--state', join(folder, 'state')];
  }
}
