import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type ManifestParts, manifestText } from '../../src/lab/manifest-text.ts';
import { type ReleaseHost, startReleaseHost } from '../../src/lab/release-host/release-host.ts';
import { MACOS_TOOLS } from './fixtures.ts';
import { type AppPlan, makeApp } from './make-app.ts';
import { makeImage } from './make-image.ts';
import { type CliResult, runCli } from './run-cli.ts';
import { describeTree } from './tree.ts';

export const OWNER = 'Seregawpn/Nexy_production';
export const BUNDLE_ID = 'com.nexy.assistant';
const REQUIREMENT = `identifier "${BUNDLE_ID}"`;

/** A Mac of its own: a folder with an installed app, a cache, a state, and a release host on loopback. */
export class UpdateWorld {
  readonly folder: string;
  readonly app: string;
  readonly host: ReleaseHost;
  readonly tools: string;

  private constructor(folder: string, host: ReleaseHost, app: string, tools: string) {
    this.folder = folder;
    this.host = host;
    this.app = app;
    this.tools = tools;
  }

  static async open(
    options: { readonly appName?: string; readonly tools?: string } = {},
  ): Promise<UpdateWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'nexy-world-'));
    const applications = join(folder, 'Applications');
    mkdirSync(applications);
    const app = join(applications, options.appName ?? 'Nexy.app');
    return new UpdateWorld(folder, await startReleaseHost(), app, options.tools ?? MACOS_TOOLS);
  }

  async close(): Promise<void> {
    await this.host.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Puts a copy of an app in place as the installed one. */
  install(app: string): void {
    rmSync(this.app, { recursive: true, force: true });
    cpSync(app, this.app, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }

  /** Serves a manifest that offers these bytes. */
  offer(parts: ManifestParts): void {
    this.host.setManifest('/manifest.json', manifestText(parts));
  }

  /** Publishes an image under a tag and offers it. */
  publish(version: string, image: string, tag = `v${version}`): void {
    const bytes = readFileSync(image);
    const url = this.host.publish(tag, 'Nexy.dmg', bytes, OWNER);
    this.offer({ version, url, bytes });
  }

  folderOptions(): readonly string[] {
    const { folder, tools } = this;
    return ['--tools', tools, '--cache', join(folder, 'cache'), '--state', join(folder, 'state')];
  }

  updateArguments(...more: readonly string[]): readonly string[] {
    const manifest = `${this.host.origin}/manifest.json`;
    return [
      ...[
        'update',
        '--json',
        '--yes',
        '--no-relaunch',
        '--allow-loopback',
        '--download-base',
        this.host.origin,
      ],
      ...['--manifest', manifest, '--app', this.app],
      ...this.folderOptions(),
      ...more,
    ];
  }

  update(...more: readonly string[]): Promise<CliResult> {
    return runCli(this.updateArguments(...more));
  }

  check(...more: readonly string[]): Promise<CliResult> {
    const args = ['--json', '--allow-loopback', '--download-base', this.host.origin, '--app', this.app];
    return runCli([
      'check',
      '--manifest',
      `${this.host.origin}/manifest.json`,
      ...args,
      ...this.folderOptions(),
      ...more,
    ]);
  }

  /** status, recover or confirm. */
  installation(command: string): Promise<CliResult> {
    return runCli([command, '--json', '--app', this.app, ...this.folderOptions()]);
  }

  /** Names of everything beside the installed app. */
  beside(): readonly string[] {
    return readdirSync(dirname(this.app)).filter((name) => name !== basename(this.app));
  }

  /** Disk images that are still attached below this world's cache. */
  mounted(): readonly string[] {
    const listing = execFileSync(join(this.tools, 'hdiutil'), ['info', '-plist'], { encoding: 'utf8' });
    const mounts = [...listing.matchAll(/<key>mount-point<\/key>\s*<string>([^<]*)<\/string>/g)];
    return mounts.flatMap(([, path]) => (path?.includes(basename(this.folder)) ? [path] : []));
  }

  installedTree(): readonly string[] {
    return describeTree(this.app);
  }
}

/** An app as Electron's are, small, with a script as its program, so that it runs on any system. */
export function makeNexy(folder: string, version: string, more: Partial<AppPlan> = {}): Promise<string> {
  mkdirSync(folder, { recursive: true });
  return makeApp({
    folder,
    bundleId: BUNDLE_ID,
    shortVersion: version,
    bundleVersion: version,
    minimumSystemVersion: '11.0',
    executable: { kind: 'mach-o', architectures: ['arm64', 'x86_64'] },
    extraFiles: {
      'Contents/Resources/app.asar': `the code of ${version}\n`.repeat(200),
      // Decomposed, as HFS+ stores it: a composed name would come back from the image as another one.
      'Contents/Resources/u\u0308 🎧 name.txt': version,
    },
    hasFramework: true,
    sign: { requirement: REQUIREMENT },
    tools: MACOS_TOOLS,
    ...more,
  });
}

/** A disk image of a folder's contents. */
export async function makeDmg(sourceFolder: string, output: string): Promise<string> {
  await makeImage({ sourceFolder, volumeName: 'Nexy', output, tools: MACOS_TOOLS });
  return output;
}
