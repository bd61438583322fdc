import { join, relative } from 'node:path';
import { readBundle } from '../../bundle/bundle.ts';
import { versionOfBundle } from '../../bundle/bundle-version.ts';
import { UpdateError } from '../../errors.ts';
import type { UpdaterState } from '../../state.ts';
import { NexyUpdater } from '../../updater.ts';
import type { Terminal } from '../terminal.ts';
import { describeState, warningsTo } from '../update-report.ts';
import {
  DEMO_BUNDLE_ID,
  DEMO_OWNER,
  type DemoWorld,
  INSTALLED_VERSION,
  installFirstVersion,
  OFFERED_VERSION,
  openDemoWorld,
  publishImage,
} from './demo-world.ts';

export interface DemoOptions {
  readonly keep: boolean;
  readonly toolsFolder: string | null;
  readonly signal: AbortSignal;
}

interface SceneResult {
  readonly scene: string;
  readonly outcome: 'installed' | 'refused';
  readonly from: string;
  readonly version: string | null;
  readonly code: string | null;
}

/** Plays three updates from end to end; every byte goes over HTTP and every check is the real one. */
export async function runDemo(terminal: Terminal, { keep, toolsFolder, signal }: DemoOptions): Promise<void> {
  const startedAt = performance.now();
  const world = await openDemoWorld(toolsFolder, keep);
  try {
    const tools =
      world.tools.folder === null
        ? "Apple's own"
        : `doubles in ${relative(process.cwd(), world.tools.folder) || '.'}`;
    terminal.say(`Tools of macOS: ${tools}`);
    terminal.say(
      `Release host:   ${world.host.origin}, which sends downloads on to ${world.host.assetOrigin}`,
    );
    const scenes = [
      await playVersionTag(world, terminal, signal),
      await playFixedTag(world, terminal, signal),
      await playLie(world, terminal, signal),
    ];
    const durationMs = Math.round(performance.now() - startedAt);
    terminal.result({ tools, scenes, durationMs });
    terminal.say(
      `\nDone in ${(durationMs / 1000).toFixed(1)} s.${keep ? ` Everything lies in ${world.folder}.` : ''}`,
    );
  } finally {
    await world.close();
  }
}

async function playVersionTag(
  world: DemoWorld,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<SceneResult> {
  title(terminal, 1, `A manifest with a version tag: v${OFFERED_VERSION}`);
  const manifest = await publishImage(world, {
    tag: `v${OFFERED_VERSION}`,
    contains: OFFERED_VERSION,
    offers: OFFERED_VERSION,
  });
  return playUpdate(world, { scene: 'version-tag', manifest }, terminal, signal);
}

async function playFixedTag(world: DemoWorld, terminal: Terminal, signal: AbortSignal): Promise<SceneResult> {
  title(terminal, 2, 'A legacy manifest with the fixed tag Update');
  const manifest = await publishImage(world, {
    tag: 'Update',
    contains: OFFERED_VERSION,
    offers: OFFERED_VERSION,
  });
  return playUpdate(world, { scene: 'fixed-tag', manifest }, terminal, signal);
}

/** As in March 2026, when 2.0.0.46 was offered with the bytes of an older version. */
async function playLie(world: DemoWorld, terminal: Terminal, signal: AbortSignal): Promise<SceneResult> {
  title(
    terminal,
    3,
    `A manifest that lies: it offers ${OFFERED_VERSION}, its image holds ${INSTALLED_VERSION}`,
  );
  const manifest = await publishImage(world, {
    tag: 'Update',
    contains: INSTALLED_VERSION,
    offers: OFFERED_VERSION,
  });
  const result = await playUpdate(world, { scene: 'lie', manifest }, terminal, signal);
  const before = world.host.log.filter(({ on }) => on === 'asset').length;
  const again = await makeUpdater(world, 'lie', join(world.folder, 'lie', 'Nexy.app'), terminal).check();
  const asked = world.host.log.filter(({ on }) => on === 'asset').length - before;
  terminal.say(`  The next check: ${again.decision.action} (${again.decision.reason}), ${asked} downloads.`);
  return result;
}

async function playUpdate(
  world: DemoWorld,
  { scene, manifest }: { readonly scene: string; readonly manifest: string },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<SceneResult> {
  const app = await installFirstVersion(world, scene);
  world.host.setManifest('/manifest.json', manifest);
  const updater = makeUpdater(world, scene, app, terminal);
  const result = await tryUpdate(updater, terminal, signal);
  const version = versionOfBundle(await readBundle(app));
  terminal.say(`  ${terminal.style('bold', 'Now installed:')} ${version}`);
  return { scene, from: INSTALLED_VERSION, version, ...result };
}

async function tryUpdate(
  updater: NexyUpdater,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Pick<SceneResult, 'outcome' | 'code'>> {
  try {
    const { decision } = await updater.check({ isManual: true, signal });
    terminal.say(`  ${decision.message}`);
    await updater.downloadUpdate(signal);
    const { from, to } = await updater.installUpdate();
    terminal.say(`  ${terminal.style('green', 'Exchanged')} ${from} for ${to} in one step`);
    await updater.confirmUpdate();
    terminal.say(`  ${terminal.style('green', 'Confirmed:')} ${to} came up well, ${from} is no longer kept`);
    return { outcome: 'installed', code: null };
  } catch (error) {
    if (!(error instanceof UpdateError) || error.code === 'cancelled') throw error;
    terminal.say(`  ${terminal.style('red', 'Refused')} (${error.code}): ${error.message}`);
    return { outcome: 'refused', code: error.code };
  }
}

function makeUpdater(world: DemoWorld, scene: string, app: string, terminal: Terminal): NexyUpdater {
  const { host, folder, tools } = world;
  const updater = new NexyUpdater({
    app,
    bundleId: DEMO_BUNDLE_ID,
    manifestUrl: `${host.origin}/manifest.json`,
    channel: 'stable',
    policy: { owner: DEMO_OWNER, downloadBase: host.origin, allowedHosts: [], allowLoopback: true },
    http: { allowLoopback: true },
    cacheFolder: join(folder, scene, 'cache'),
    stateFolder: join(folder, scene, 'state'),
    toolsFolder: tools.folder,
    logger: warningsTo(terminal),
  });
  updater.autoDownload = false;
  updater.on('state', (state: UpdaterState) => describeState(state, terminal));
  return updater;
}

function title(terminal: Terminal, number: number, text: string): void {
  terminal.say(`\n${terminal.style('bold', `${number}. ${text}`)}`);
}
