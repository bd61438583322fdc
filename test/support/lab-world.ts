import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Channel } from '../../src/config.ts';
import { type BuildPlan, buildPlan } from '../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../src/lab/builds/make-build.ts';
import { feedPaths, type LabWorld } from '../../src/lab/clients/client.ts';
import { serveFeed } from '../../src/lab/feed.ts';
import { openMac } from '../../src/lab/mac/open-mac.ts';
import { startReleaseHost } from '../../src/lab/release-host/release-host.ts';
import { showAddress } from '../../src/lab/show-address.ts';
import type { TraceEvent } from '../../src/lab/trace.ts';
import { PRODUCTION } from './production.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface LabWorldOptions {
  readonly channel?: Channel;
  readonly macos?: string;
  readonly architecture?: 'arm64' | 'x86_64';
  readonly installed?: BuildPlan;
}

/** A release host, a Mac with an installed app, and what a test needs to publish and to look. */
export interface TestWorld extends LabWorld {
  readonly events: TraceEvent[];
  /** Signs with the key that clients with a key know; base64. */
  sign(bytes: Uint8Array): string;
  /** The address on the double of a file of a release, whether it is there or not. */
  address(tag: string, file?: string): string;
  /** Lets the channel's feed say this, exactly. */
  offer(text: string): void;
  /** What was asked of the host, as its addresses are shown, those of GitHub by their path alone. */
  requests(): string[];
}

export async function openLabWorld(options: LabWorldOptions = {}): Promise<TestWorld> {
  const {
    channel = 'stable',
    macos = '15.5',
    architecture = 'arm64',
    installed = buildPlan('2.0.0.31'),
  } = options;
  const host = await startReleaseHost();
  onTestFinished(() => host.close());
  const folder = await temporaryFolder();
  const events: TraceEvent[] = [];
  const trace = (event: TraceEvent): void => void events.push(event);
  const mac = await openMac({
    folder: join(folder, 'mac'),
    macos,
    architecture,
    installed: makeBuild(installed),
    trace,
  });
  const own = join(folder, 'client');
  await mkdir(own);
  const keys = generateKeyPairSync('ed25519');
  return {
    host,
    mac,
    folder: own,
    channel,
    feed: feedPaths(channel),
    trace,
    publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    events,
    sign: (bytes) => sign(null, bytes, keys.privateKey).toString('base64'),
    address: (tag, file = 'Nexy.dmg') => `${host.origin}/${PRODUCTION}/releases/download/${tag}/${file}`,
    offer: (text) => serveFeed(host, { channel, bytes: Buffer.from(text) }),
    requests: () =>
      host.log.map(({ path, status, on }) => {
        const origin = on === 'asset' ? host.assetOrigin : host.origin;
        return `${showAddress(host, origin + path).replace(/^https:\/\/(release-assets\.githubusercontent\.com|github\.com|updates\.example\.com)/, '')} ${status}`;
      }),
  };
}
