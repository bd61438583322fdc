import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { judge } from '../run/judge.ts';
import { type LabRoom, openLabRoom } from '../run/lab-room.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import { ClientMemory } from './client-memory.ts';
import { channelsOf, hasPath } from './find-stranded.ts';
import type { MigrationPlan, PlanProof, ProvenClient } from './migration-plan.ts';
import type { PlanInput } from './plan-input.ts';
import { ProofPlace } from './proof-place.ts';
import { doesNextArrive } from './run-client.ts';

export interface ProofOptions {
  readonly signal?: AbortSignal;
  /** Told of each step before it is taken. */
  readonly onStep?: (step: { readonly number: number; readonly of: number; readonly title: string }) => void;
}

type Stage = PlanProof['stages'][number];

/**
 * Takes the steps of a plan on a release host double, with the real `nexy-release`, and lets every client run from its
 * own start before the first and after each of them. Nothing is taken from the plan but what it says to do and to
 * build: whether it is right shows in what becomes of the clients. Releases hold a DMG alone here, since a PKG cannot be
 * made outside the tests: the fixed tags of packages stay as they are.
 *
 * @param input what the plan was derived from
 * @throws UpdateError `cancelled`; whatever else is thrown is a fault of the lab
 */
export async function provePlan(
  plan: Pick<MigrationPlan, 'transition' | 'following' | 'steps'>,
  input: PlanInput,
  { signal, onStep = () => undefined }: ProofOptions = {},
): Promise<PlanProof> {
  const problems: string[] = [];
  const stages: Stage[] = [];
  const withoutFixedTags = await inPlace(plan, input, signal, async (place) => {
    const memory = new ClientMemory(place);
    const runAll = (arrives: Arrives): Promise<readonly ProvenClient[]> =>
      runClients(memory, input, arrives, signal);
    stages.push({ after: 'before', clients: await runAll(await tryNext(plan, input, signal)) });
    for (const [index, step] of plan.steps.entries()) {
      throwIfStopped(signal);
      onStep({ number: index + 1, of: plan.steps.length, title: step.title });
      const { isDone, message } = await place.take(step);
      if (!isDone) {
        problems.push(`"${step.title}" cannot be done: ${message}`);
        return [];
      }
      const isLast = index === plan.steps.length - 1;
      stages.push({ after: step.id, clients: await runAll(isLast ? isFrozen : isOpen) });
    }
    place.withdrawFixedTags();
    return runAll(isFrozen);
  });
  problems.push(...findHarm(plan, stages), ...findLeftBehind(stages.at(-1), input));
  return { isSafe: problems.length === 0, problems, stages, withoutFixedTags };
}

/** Whether a client that got nothing would get the next release; null where that is for the next steps to tell. */
type Arrives = (client: ClientSpec, channel: Channel) => Promise<boolean | null>;

const isOpen: Arrives = async () => null;

/** What is served then does not change any more: who got nothing from it never will. */
const isFrozen: Arrives = async () => false;

/** Tries it in a place of its own, which has no traces of it then. */
async function tryNext(
  plan: Parameters<typeof provePlan>[0],
  input: PlanInput,
  signal: AbortSignal | undefined,
): Promise<Arrives> {
  const arriving = new Map<string, boolean>();
  const key = ({ name }: ClientSpec, channel: Channel): string => JSON.stringify([name, channel]);
  await inPlace(plan, input, signal, async (place) => {
    const memory = new ClientMemory(place);
    for (const client of input.clients) {
      for (const channel of channelsOf(client, input.policy)) {
        throwIfStopped(signal);
        const { outcome } = judge((await memory.run(client, channel)).record);
        if (outcome === 'stays')
          arriving.set(key(client, channel), await doesNextArrive(place, client, channel));
      }
    }
  });
  return async (client, channel) => arriving.get(key(client, channel)) ?? null;
}

/** In a room of its own, with everything as it is before the plan begins. */
async function inPlace<Result>(
  plan: Pick<MigrationPlan, 'transition' | 'following'>,
  input: PlanInput,
  signal: AbortSignal | undefined,
  work: (place: ProofPlace) => Promise<Result>,
): Promise<Result> {
  const room: LabRoom = await openLabRoom();
  try {
    const folder = await mkdtemp(join(room.folder, 'team-'));
    return await work(await ProofPlace.open(room, folder, plan, input, signal));
  } finally {
    await room.close();
  }
}

async function runClients(
  memory: ClientMemory,
  { clients, policy }: PlanInput,
  arrives: Arrives,
  signal: AbortSignal | undefined,
): Promise<readonly ProvenClient[]> {
  const results: ProvenClient[] = [];
  for (const client of clients) {
    for (const channel of channelsOf(client, policy)) {
      throwIfStopped(signal);
      const { record } = await memory.run(client, channel);
      const nextArrives = judge(record).outcome === 'stays' ? await arrives(client, channel) : null;
      const { outcome, why } = judge({ ...record, nextArrives });
      results.push({ client: client.name, channel, outcome, version: record.after.version, why });
    }
  }
  return results;
}

/** Who is worse off after a step than before it, with an app that does not start, other bytes, or a new loop. */
function findHarm({ steps }: Pick<MigrationPlan, 'steps'>, stages: readonly Stage[]): readonly string[] {
  const problems = new Map<string, string>();
  for (const [index, stage] of stages.entries()) {
    const before = stages[index - 1];
    if (before === undefined) continue;
    const title = steps.find(({ id }) => id === stage.after)?.title ?? stage.after;
    for (const { client, channel, outcome, why } of stage.clients) {
      const was = before.clients.find((each) => each.client === client && each.channel === channel)?.outcome;
      const isWorse =
        (outcome === 'harmed' && was !== 'harmed') ||
        (outcome === 'loops' && was !== 'loops' && was !== 'harmed');
      const key = `${client} ${channel} ${outcome}`;
      if (!isWorse || problems.has(key)) continue;
      const word = outcome === 'harmed' ? 'is harmed' : 'loops';
      problems.set(key, `After "${title}" the client "${client}" (${channel}) ${word}: ${why}`);
    }
  }
  return [...problems.values()];
}

/** Who does not have the best that its Mac can run in the end, although something could have reached it. */
function findLeftBehind(last: Stage | undefined, { clients, policy }: PlanInput): readonly string[] {
  return (last?.clients ?? []).flatMap(({ client: name, channel, outcome, why }) => {
    const client = clients.find((each) => each.name === name);
    const isLost = outcome === 'harmed' || outcome === 'loops';
    if (outcome === 'promised' || client === undefined) return [];
    if (!isLost && !hasPath(client, policy)) return [];
    const words = { harmed: 'is harmed', loops: 'loops', stranded: 'is stranded', stays: 'is left behind' };
    return [`In the end the client "${name}" (${channel}) ${words[outcome]}: ${why}`];
  });
}

function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new UpdateError('cancelled', 'The plan was not tried to its end: the lab was stopped.');
}
