import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import type { ClientSpec, HostState, OfferedManifest, Scenario } from '../scenario/scenario.ts';
import { showAddressesIn } from '../show-address.ts';
import type { Trace } from '../trace.ts';
import { isVersion, judge } from './judge.ts';
import type { LabRoom } from './lab-room.ts';
import { type NextRelease, nextRelease } from './next-release.ts';
import type { Cell, CheckRecord, RunRecord } from './outcome.ts';
import { factsOf, openPerson, type Person } from './person.ts';
import { Stage } from './stage.ts';

export interface RunOptions {
  readonly trace?: Trace;
  readonly signal?: AbortSignal;
}

/** When the first check is made. Everything else in a run follows from it. */
const BEGINNING = Date.UTC(2026, 2, 13, 9);
const HOUR = 3_600_000;

/**
 * Runs one client through one scenario, on a Mac of its own, and tells what became of it.
 *
 * @param room which nothing else uses at the same time
 * @throws UpdateError `cancelled`; whatever else is thrown is a fault of the lab or of the scenario's data
 */
export async function runScenario(
  scenario: Scenario,
  client: ClientSpec,
  room: LabRoom,
  { trace: listener, signal }: RunOptions = {},
): Promise<Cell> {
  const folder = await mkdtemp(join(room.folder, 'run-'));
  const channel = channelOf(scenario);
  const trace: Trace = (event) => listener?.({ ...event, text: event.text.replaceAll(folder, '~') });
  const stage = new Stage(room, channel, listener === undefined ? null : trace);
  let person: Person | null = null;
  try {
    person = await openPerson(client, room, { channel, folder, trace });
    const listens = listener !== undefined;
    return await new Run({ scenario, client, room, channel, stage, person, trace, listens, signal }).finish();
  } finally {
    stage.clear();
    await person?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Parts {
  readonly scenario: Scenario;
  readonly client: ClientSpec;
  readonly room: LabRoom;
  readonly channel: Channel;
  readonly stage: Stage;
  readonly person: Person;
  readonly trace: Trace;
  /** Whether somebody wants to be told of every step. */
  readonly listens: boolean;
  readonly signal: AbortSignal | undefined;
}

class Run {
  readonly #parts: Parts;
  readonly #checks: CheckRecord[] = [];
  readonly #installs: RunRecord['installs'][number][] = [];
  #downloads = 0;
  #now = BEGINNING;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async finish(): Promise<Cell> {
    const { scenario, client, stage, person, channel, trace } = this.#parts;
    const before = person.installed;
    let current: number | null = null;
    for (const [index, offered] of scenario.offer.manifests.entries()) {
      this.#offer(offered, scenario.host);
      if (offered.channel === channel) current = index;
      // Before the first manifest of this person's channel there is no feed to read.
      if (current !== null) await this.#checkAll(current, offered.checks);
    }
    const last = current === null ? null : (scenario.offer.manifests[current] ?? null);
    const { promised } = stage;
    const record: RunRecord = {
      macos: client.macos,
      before,
      after: person.installed,
      promisedVersion: last?.version ?? null,
      promised: promised === null ? null : { plan: promised.plan, sha256: promised.sha256 },
      checks: [...this.#checks],
      installs: [...this.#installs],
      nextArrives: null,
    };
    const cell = this.#describe(record);
    const first = judge(record);
    const isOver = first.outcome !== 'stays' || last === null;
    const { outcome, why } = isOver ? first : judge({ ...record, nextArrives: await this.#tryNext(last) });
    trace({ kind: 'outcome', text: `${outcome}: ${why}` });
    return { ...cell, outcome, why };
  }

  #offer(offered: OfferedManifest, host: HostState): void {
    const { stage, trace } = this.#parts;
    trace({
      kind: 'host',
      text: `The ${offered.channel} feed offers ${offered.version ?? 'no version'} (${offered.file}).`,
    });
    stage.offer(offered, host);
  }

  async #checkAll(manifest: number, checks: number, isEnough = (): boolean => false): Promise<void> {
    for (let check = 1; check <= checks && this.#parts.person.starts && !isEnough(); check += 1) {
      await this.#checkOnce(manifest, check);
    }
  }

  async #checkOnce(manifest: number, check: number): Promise<void> {
    const { stage, person, trace, signal, room } = this.#parts;
    if (signal?.aborted) throw new UpdateError('cancelled', 'The lab was stopped before everything was run.');
    const now = new Date(this.#now);
    this.#now += HOUR;
    trace({
      kind: 'check',
      text: `Check ${check}, ${now.toISOString().slice(0, 16).replace('T', ' ')}, ${person.installed.version} is installed`,
    });
    stage.beginCheck(check);
    const { result, installed } = await person.check(now);
    const { downloads, bytes } = stage.endCheck();
    const artifactBytes = result.artifactBytes ?? bytes;
    this.#downloads += downloads;
    const message = showAddressesIn(room.host, result.message);
    this.#checks.push({ ...result, message, manifest, check, artifactBytes, installed });
    if (installed !== null)
      this.#installs.push({ installed, promisedSha256: stage.promised?.sha256 ?? null });
    trace({ kind: 'check', text: `${result.action} (${result.reason}): ${message}` });
    if (!person.starts)
      trace({
        kind: 'check',
        text: `${person.installed.version} does not start on this Mac: it never checks again.`,
      });
  }

  /** Whether the flawless release that follows would arrive. Leaves no record in what was run before. */
  async #tryNext(last: OfferedManifest): Promise<boolean> {
    const { scenario, client, room, listens } = this.#parts;
    const next = nextRelease(last, scenario.host);
    // To a Mac that nothing has come to, the states of the host before this one are all the same.
    const isUntouched = this.#downloads === 0 && this.#installs.length === 0;
    if (!isUntouched || listens) return this.#runNext(next);
    const key = JSON.stringify([client, next.manifest, next.host.releases]);
    const known = room.nextArrivals.get(key);
    if (known !== undefined) return known;
    const arrives = await this.#runNext(next);
    room.nextArrivals.set(key, arrives);
    return arrives;
  }

  async #runNext(next: NextRelease): Promise<boolean> {
    const { scenario, person, trace } = this.#parts;
    trace({
      kind: 'host',
      text: 'Would the next release arrive, published the same way and without a fault?',
    });
    const arrives = (): boolean =>
      person.starts && isVersion(person.installed.version, next.manifest.version);
    this.#offer(next.manifest, next.host);
    await this.#checkAll(scenario.offer.manifests.length, next.manifest.checks, arrives);
    return arrives();
  }

  #describe({ after, promised, promisedVersion, checks }: RunRecord): Omit<Cell, 'outcome' | 'why'> {
    const { scenario, client, person } = this.#parts;
    const last = checks.at(-1);
    return {
      scenario: scenario.name,
      offer: scenario.offer.name,
      host: scenario.host.name,
      client: client.name,
      action: last?.action ?? 'none',
      reason: last?.reason ?? 'no-check',
      promisedVersion,
      promised: promised === null ? null : factsOf(promised.plan),
      installed: after,
      starts: person.starts,
      downloads: this.#downloads,
      artifactBytes: checks.reduce((sum, { artifactBytes }) => sum + artifactBytes, 0),
      checks,
    };
  }
}

/** A person follows the channel that was offered last. */
function channelOf({ offer }: Scenario): Channel {
  return offer.manifests.at(-1)?.channel ?? 'stable';
}
