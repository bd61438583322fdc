import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Channel } from '../../config.ts';
import { type BuildPlan, buildPlan } from '../builds/build-plan.ts';
import { makeBuild } from '../builds/make-build.ts';
import { type CheckResult, type FeedPaths, feedPaths, type LabClient } from '../clients/client.ts';
import { openClient } from '../clients/open-client.ts';
import type { LabMac } from '../mac/lab-mac.ts';
import { openMac } from '../mac/open-mac.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import type { Trace } from '../trace.ts';
import type { LabRoom } from './lab-room.ts';
import type { AppFacts } from './outcome.ts';

/** A client while it is run: its Mac, and the updater of the app that is installed there. */
export interface Person {
  readonly mac: LabMac;
  readonly installed: AppFacts;
  /** False once an app was installed that does not start: then nothing checks any more. */
  readonly starts: boolean;
  /** Whether an app is installed that holds our updater, and asks at `movedFeed`. */
  readonly hasMoved: boolean;
  /** One automatic check, and what it has installed, if anything. */
  check(now: Date): Promise<{ readonly result: CheckResult; readonly installed: AppFacts | null }>;
  close(): Promise<void>;
}

export interface PersonOptions {
  readonly channel: Channel;
  readonly folder: string;
  readonly trace: Trace;
  /** Where an installed app asks that holds our updater, unless that is where all ask. */
  readonly movedFeed?: FeedPaths;
}

export async function openPerson(spec: ClientSpec, room: LabRoom, options: PersonOptions): Promise<Person> {
  const { channel, folder, trace, movedFeed } = options;
  const { version, bundleVersion = version } = spec.installed;
  const mac = await openMac({
    folder: join(folder, 'mac'),
    macos: spec.macos,
    architecture: spec.architecture,
    installed: makeBuild(buildPlan(version, { bundleVersion })),
    trace,
  });
  const open = async (model: ClientSpec, name: string, feed: FeedPaths): Promise<LabClient> => {
    const own = join(folder, name);
    await mkdir(own, { mode: 0o700 });
    return openClient(model, {
      host: room.host,
      mac,
      folder: own,
      channel,
      feed,
      trace,
      publicKey: room.publicKey,
      installationId: installationIdOf(spec),
    });
  };
  let client = await open(spec, 'client', feedPaths(channel));
  let plan = await mac.installed();
  let installed: AppFacts = { ...factsOf(plan), sha256: null };
  let isOurs = spec.model === 'ours';
  let hasMoved = false;

  return {
    mac,
    get installed() {
      return installed;
    },
    get starts() {
      return mac.starts(installed.minimumOs);
    },
    get hasMoved() {
      return hasMoved;
    },
    check: async (now) => {
      const result = await client.check(now);
      const after = await mac.installed();
      if (result.action !== 'installed' && isSamePlan(after, plan)) return { result, installed: null };
      plan = after;
      installed = factsOf(after);
      if (after.updater === 'ours' && (!isOurs || (movedFeed !== undefined && !hasMoved))) {
        isOurs = true;
        hasMoved = movedFeed !== undefined;
        trace({ kind: 'step', text: `From now on the updater is ours: ${after.version} holds it.` });
        client = await open(asOurs(spec), 'ours', movedFeed ?? feedPaths(channel));
      }
      return { result, installed };
    },
    close: () => mac.close(),
  };
}

/** The same for the same client, so that a rollout reaches it in every run or in none. */
function installationIdOf({ name }: ClientSpec): string {
  const digits = createHash('sha256').update(name).digest('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** What an image holds, or what came out of it: the same plan gives the same bytes. */
export function factsOf(plan: BuildPlan): AppFacts {
  return { version: plan.version, minimumOs: plan.minimumOs, sha256: makeBuild(plan).sha256 };
}

function isSamePlan(a: BuildPlan, b: BuildPlan): boolean {
  return makeBuild(a) === makeBuild(b);
}

function asOurs({ name, title, description, macos, architecture, installed }: ClientSpec): ClientSpec {
  return { name, title, description, model: 'ours', macos, architecture, installed };
}
