import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Bundle, readBundle } from '../../bundle/bundle.ts';
import { readDesignatedRequirement, verifySignature } from '../../install/signature.ts';
import { Tools } from '../../install/tools.ts';
import type { Network } from '../network.ts';
import { showAddress } from '../show-address.ts';
import { chooseItem } from './choose-item.ts';
import type { LabClient, LabWorld } from './client.ts';
import { compareSparkleVersions } from './compare-sparkle-versions.ts';
import { findFolder, withDiskImage } from './disk-image.ts';
import { fetchFeed } from './fetch-feed.ts';
import { copyApp, finishInstall } from './finish-install.ts';
import { type AppcastItem, readAppcast } from './read-appcast.ts';
import { endCheck, runCheck } from './run-check.ts';
import { assertSecureAddress } from './secure-address.ts';

export interface AppcastClientOptions {
  /**
   * Which of Sparkle's seven groups the installation is in, 0 to 6; Sparkle draws it once and keeps it. The first unless
   * given: the one that any rollout, however small, reaches.
   */
  readonly group?: number;
}

/**
 * A model of an app with Sparkle 2 that updates itself unasked (SUAutomaticallyUpdate), as far as its documentation
 * (https://sparkle-project.org/documentation/) and its sources say. It knows no EdDSA key, so that the code signature
 * decides, which has to satisfy the installed app's requirement (SUUpdateValidator.m). An enclosure's `length` refuses
 * nothing: Sparkle shows progress by it, and names it in the message of a failed signature (sparkle-project/Sparkle
 * #2471, #2921, #2922). Nothing is remembered from one check to the next.
 */
export function openAppcastClient(
  world: LabWorld,
  network: Network,
  { group = 0 }: AppcastClientOptions = {},
): LabClient {
  return {
    check: (now) =>
      runCheck(async () => {
        const items = await fetchAppcast(world, network);
        const { mac, channel, trace } = world;
        const installed = await readBundle(mac.app);
        const version = versionOf(installed);
        const { macos, architecture } = mac;
        const choice = chooseItem(items, { version, macos, architecture, channel, group, now });
        if (choice.kind !== 'update') throw endCheck(choice.kind, choice.reason, choice.message);
        const { item } = choice;
        trace({ kind: 'decision', text: `${item.version} is above the installed ${version}` });
        const bytes = await download(item, world, network);
        await install(item, bytes, installed, world);
        return finishInstall(world);
      }),
  };
}

async function fetchAppcast(world: LabWorld, network: Network): Promise<readonly AppcastItem[]> {
  const { bytes, finalUrl } = await fetchFeed(world, network, 'appcast');
  const items = readAppcast(bytes, finalUrl);
  if (items !== null) return items;
  throw endCheck('failed', 'appcast-invalid', 'The feed is no appcast, so nothing is offered.');
}

async function download(
  { url, hasSignature }: AppcastItem,
  { host, trace }: LabWorld,
  network: Network,
): Promise<Uint8Array> {
  const address = url ?? '';
  // macOS lets no app fetch plain http unless its Info.plist says so (App Transport Security).
  assertSecureAddress(host, address, { allowsHttpOnLocalhost: false });
  const { status, bytes } = await network.fetch(address);
  if (status !== 200) {
    const message = `${showAddress(host, address)} answered ${status}. The next check tries again.`;
    throw endCheck('failed', 'download-failed', message);
  }
  if (hasSignature) {
    trace({ kind: 'step', text: 'edSignature: passed over, since the installed app knows no key' });
  }
  return bytes;
}

async function install(
  item: AppcastItem,
  bytes: Uint8Array,
  installed: Bundle,
  world: LabWorld,
): Promise<void> {
  if (item.isPackage) {
    const message =
      'Sparkle installs packages only with an EdDSA signature, and the installed app knows no key to check one.';
    throw endCheck('failed', 'signature-invalid', message);
  }
  await withDiskImage(world, bytes, async (volume) => {
    const payload = await findPayload(volume, installed);
    await assertSameSigner(payload, installed, world);
    await assertNoDowngrade(payload, installed);
    await exchange(payload, world);
  });
}

/** By the file name of the installed app, or by its bundle id (SUInstaller.m). */
async function findPayload(volume: string, { path, bundleId }: Bundle): Promise<string> {
  const isBundle = async (folder: string): Promise<boolean> => {
    const bundle = await readBundle(folder).catch(() => null);
    return bundle !== null && bundleId !== null && bundle.bundleId === bundleId;
  };
  const payload = await findFolder(
    volume,
    async (folder, name) => name === basename(path) || (await isBundle(folder)),
  );
  if (payload !== null) return payload;
  throw endCheck('failed', 'payload-not-found', 'There is no app of this name in the disk image.');
}

/** The requirement names the bundle id too, as codesign makes it for apps with a Developer ID. */
async function assertSameSigner(payload: string, { path }: Bundle, { mac, trace }: LabWorld): Promise<void> {
  const warn = (text: string): void => trace({ kind: 'step', text });
  const options = { tools: new Tools(null, mac), warn };
  await verifySignature(payload, await readDesignatedRequirement(path, options), options);
}

/** Only whether it is older: the same version again is installed (SUPlainInstaller.m). */
async function assertNoDowngrade(payload: string, installed: Bundle): Promise<void> {
  const { bundleVersion } = await readBundle(payload);
  const own = versionOf(installed);
  if (bundleVersion !== null && compareSparkleVersions(own, bundleVersion) <= 0) return;
  const found = bundleVersion ?? 'an app without a version';
  const message = `The download contains ${found}, which is older than the installed ${own}. The next check downloads it again.`;
  throw endCheck('failed', 'downgrade', message);
}

async function exchange(payload: string, world: LabWorld): Promise<void> {
  const { mac, trace } = world;
  const beside = join(dirname(mac.app), '.Sparkle');
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside);
  try {
    const [fresh, old] = [join(beside, 'new.app'), join(beside, 'old.app')];
    await copyApp(world, payload, fresh);
    await rename(mac.app, old);
    await rename(fresh, mac.app).catch(async (error) => {
      await rename(old, mac.app);
      throw error;
    });
    trace({ kind: 'step', text: 'the installed app and the new one change places' });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

function versionOf({ bundleVersion }: Bundle): string {
  if (bundleVersion !== null) return bundleVersion;
  throw endCheck('failed', 'version-invalid', 'The installed app has no CFBundleVersion to compare with.');
}
