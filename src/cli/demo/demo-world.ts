import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UpdateError } from '../../errors.ts';
import { openImage } from '../../install/open-image.ts';
import { outputOf, Tools } from '../../install/tools.ts';
import { manifestText } from '../../lab/manifest-text.ts';
import { type ReleaseHost, startReleaseHost } from '../../lab/release-host/release-host.ts';
import { PACKAGE_FOLDER } from '../options.ts';

export const DEMO_OWNER = 'Seregawpn/Nexy_production';
export const DEMO_BUNDLE_ID = 'com.nexy.assistant';
export const INSTALLED_VERSION = '2.0.0.45';
export const OFFERED_VERSION = '2.0.0.46';

/** Slow enough to be seen, fast enough not to be waited for. */
const BYTES_PER_SECOND = 400_000;

/** Everything that the demo plays with: a folder, a release host on loopback, disk images and tools. */
export interface DemoWorld {
  readonly folder: string;
  readonly host: ReleaseHost;
  readonly tools: Tools;
  /** Disk image by the version inside. */
  readonly images: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** @param toolsFolder stand-ins for Apple's tools; null for Apple's own on a Mac, this repository's elsewhere */
export async function openDemoWorld(toolsFolder: string | null, keep: boolean): Promise<DemoWorld> {
  const tools = new Tools(chooseTools(toolsFolder));
  const folder = await mkdtemp(join(tmpdir(), 'nexy-demo-'));
  const images = await findImages(folder);
  const host = await startReleaseHost({
    faults: [{ on: 'asset', fault: { kind: 'trickle', bytesPerSecond: BYTES_PER_SECOND } }],
  });
  return {
    folder,
    host,
    tools,
    images,
    close: async () => {
      await host.close();
      if (!keep) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A first installation, as somebody would do it by hand: open the image, copy the app. */
export async function installFirstVersion(world: DemoWorld, name: string): Promise<string> {
  const { folder, tools, images } = world;
  const app = join(folder, name, 'Nexy.app');
  await mkdir(join(folder, name), { recursive: true });
  const image = await openImage(imageOf(images, INSTALLED_VERSION), {
    tools,
    cacheFolder: join(folder, 'first'),
    warn: (message) => void process.stderr.write(`${message}\n`),
  });
  try {
    const result = await tools.run('ditto', [join(image.mountPoints[0] ?? '', 'Nexy.app'), app]);
    if (result.status !== 0) throw new UpdateError('image-unreadable', outputOf(result));
  } finally {
    await image.close();
  }
  return app;
}

/** Publishes the bytes of an image under a tag, and gives a manifest that offers them. */
export async function publishImage(
  { host, images }: DemoWorld,
  { tag, contains, offers }: { readonly tag: string; readonly contains: string; readonly offers: string },
): Promise<string> {
  const bytes = await readFile(imageOf(images, contains));
  const url = host.publish(tag, 'Nexy.dmg', bytes, DEMO_OWNER);
  return manifestText({ version: offers, url, bytes });
}

function imageOf(images: Readonly<Record<string, string>>, version: string): string {
  const path = images[version];
  if (path === undefined) throw new UpdateError('app-not-found', `The demo has no disk image of ${version}.`);
  return path;
}

function chooseTools(given: string | null): string | null {
  if (given !== null) return resolve(given);
  if (process.platform === 'darwin') return null;
  const doubles = join(PACKAGE_FOLDER, 'test', 'macos-tools');
  if (existsSync(join(doubles, 'hdiutil'))) return doubles;
  throw new UpdateError(
    'usage',
    "The demo needs Apple's tools or the stand-ins in test/macos-tools of the repository.",
  );
}

/** On a Mac the images are made by Apple's own tools, elsewhere they come with the repository. */
async function findImages(folder: string): Promise<Readonly<Record<string, string>>> {
  const isMac = process.platform === 'darwin';
  const home = isMac ? join(folder, 'images') : join(PACKAGE_FOLDER, 'resources', 'demo');
  if (isMac) await makeImages(home);
  return Object.fromEntries(
    [INSTALLED_VERSION, OFFERED_VERSION].map((version) => [version, join(home, `Nexy-${version}.dmg`)]),
  );
}

async function makeImages(folder: string): Promise<void> {
  const script = join(PACKAGE_FOLDER, 'scripts', 'make-demo-images.ts');
  const child = spawn(process.execPath, [script, '--out', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = await once(child, 'close');
  if (status !== 0)
    throw new UpdateError('image-unreadable', 'The disk images of the demo could not be made.');
}
