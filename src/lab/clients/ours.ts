import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asUpdateError } from '../../errors.ts';
import type { HttpExchange } from '../../http-exchange.ts';
import { Tools } from '../../install/tools.ts';
import type { UpdaterState } from '../../state.ts';
import { NexyUpdater } from '../../updater.ts';
import { BUNDLE_ID } from '../builds/info-plist.ts';
import { hostPolicy } from '../host-policy.ts';
import { showAddress, showAddressesIn } from '../show-address.ts';
import type { TraceEvent } from '../trace.ts';
import type { CheckResult, LabClient, LabWorld } from './client.ts';

const COUNT = new Intl.NumberFormat('en');

/**
 * Our own client, the real one: what an app with this updater in it does at its hourly checks, and installs by itself.
 * Caches and state last from check to check, as on a person's Mac.
 */
export function openOurs(world: LabWorld): LabClient {
  const session: Session = { now: new Date(0), ticks: 0, taken: 0, position: 0 };
  keepInstallationId(world);
  let updater = start(world, session);
  return {
    async check(now) {
      session.now = now;
      session.taken = 0;
      session.position = 0;
      const { log } = world.host;
      const before = log.length;
      const result = await checkOnce(world, updater);
      // A file that was here from an earlier check is told of as progress, too.
      const isFetched = log.slice(before).some(({ on, status }) => on === 'asset' && status < 300);
      // The relaunched app starts with what is on the disk, and nothing else.
      if (result.action === 'installed') updater = start(world, session);
      world.trace(step(`${result.action}: ${result.message}`));
      return { ...result, artifactBytes: isFetched ? session.taken : 0 };
    },
  };
}

/** What one check knows, and the updater is told of. */
interface Session {
  now: Date;
  /** Milliseconds; goes on with every look at it, so that all progress is told of. */
  ticks: number;
  /** Bytes of artifacts in this check. */
  taken: number;
  /** In the file that is being downloaded. */
  position: number;
}

/** As an earlier check would have left it there. */
function keepInstallationId({ folder, installationId }: LabWorld): void {
  if (installationId === undefined) return;
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  writeFileSync(join(folder, 'state', 'installation-id'), `${installationId}\n`, { mode: 0o600 });
}

function start(world: LabWorld, session: Session): NexyUpdater {
  const { host, mac, folder, channel, feed } = world;
  const say = (message: unknown): void => world.trace(step(String(message)));
  const updater = new NexyUpdater({
    app: mac.app,
    bundleId: BUNDLE_ID,
    manifestUrl: `${host.origin}${feed.manifest}`,
    channel,
    policy: hostPolicy(host),
    http: { allowLoopback: true, onExchange: (exchange) => tellExchange(world, exchange) },
    cacheFolder: join(folder, 'cache'),
    stateFolder: join(folder, 'state'),
    tools: new Tools(null, mac),
    downloadSeams: {
      now: () => session.now.getTime(),
      ticks: () => {
        session.ticks += 1000;
        return session.ticks;
      },
      random: () => 0.5,
      sleep: async () => undefined,
    },
    verifiesSignature: true,
    logger: { info: () => undefined, warn: say, error: () => undefined },
    now: () => session.now,
  });
  updater.on('state', (state) => {
    if (state.kind === 'downloading' && state.progress !== null) follow(session, state.progress.transferred);
    const event = describe(state);
    if (event !== null) world.trace(event);
  });
  return updater;
}

async function checkOnce(world: LabWorld, updater: NexyUpdater): Promise<CheckResult> {
  try {
    const { decision, downloadPromise } = await updater.check({ isManual: false });
    const { action, reason, message, announceOnly } = decision;
    if (action !== 'update') return { action: action === 'reject' ? 'rejected' : action, reason, message };
    if (announceOnly) return { action: 'held', reason: 'announced', message };
    await downloadPromise;
    const { from, to } = await updater.installUpdate();
    await updater.confirmUpdate();
    return { action: 'installed', reason, message: `Version ${to} was installed in place of ${from}.` };
  } catch (cause) {
    const { code, message } = asUpdateError(cause);
    return { action: 'failed', reason: code, message: showAddressesIn(world.host, message) };
  }
}

/** A fresh start goes back in the file; what it took before was taken all the same. */
function follow(session: Session, transferred: number): void {
  session.taken += transferred < session.position ? transferred : transferred - session.position;
  session.position = transferred;
}

/** Every step of the way once; null for what is told otherwise, or was told before. */
function describe(state: UpdaterState): TraceEvent | null {
  switch (state.kind) {
    case 'available':
    case 'not-available': {
      const { action, reason, message } = state.decision;
      return { kind: 'decision', text: `${action} (${reason}): ${message}` };
    }
    case 'downloading':
      return state.progress === null ? step(`downloads ${state.version}`) : null;
    case 'preparing':
      return step(`prepares ${state.version}: ${state.step}`);
    case 'ready':
      return step(`${state.version} is ready to be installed`);
    case 'installing':
      return step(`exchanges the installed app for ${state.version}`);
    default:
      return null;
  }
}

function step(text: string): TraceEvent {
  return { kind: 'step', text };
}

function tellExchange({ host, trace }: LabWorld, { method, url, status, bytes, error }: HttpExchange): void {
  const end = status === null ? (error ?? 'no answer') : `${status} (${COUNT.format(bytes)} bytes)`;
  trace({ kind: 'network', text: `${method} ${showAddress(host, url).replace(/\?.*$/, '')} ${end}` });
}
