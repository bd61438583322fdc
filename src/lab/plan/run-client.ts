import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Channel } from '../../config.ts';
import { isVersion, startsOn } from '../run/judge.ts';
import type { CheckRecord, RunRecord } from '../run/outcome.ts';
import { openPerson, type Person } from '../run/person.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import { newFeedPaths, type ProofPlace, type ServedOffer } from './proof-place.ts';

/** What one client did with what was served. */
export interface ClientRun {
  /** Nobody tried whether the next release arrives. */
  readonly record: RunRecord;
  /** Paths of all that it asked for. */
  readonly asked: ReadonlySet<string>;
}

/** Two releases one after the other, and one check that finds nothing more; what loops shows by then too. */
const MOST_CHECKS = 4;
const BEGINNING = Date.UTC(2026, 2, 13, 9);
const HOUR = 3_600_000;

/** Runs a client from its own start against what is served now, until nothing happens any more. */
export function runClient(place: ProofPlace, client: ClientSpec, channel: Channel): Promise<ClientRun> {
  return withWalk(place, client, channel, async (walk) => {
    await walk.checkAll();
    return { record: await walk.record(), asked: walk.asked };
  });
}

/** Whether one more release, published the way it was done until now and without a fault, arrives at a client. */
export function doesNextArrive(place: ProofPlace, client: ClientSpec, channel: Channel): Promise<boolean> {
  return withWalk(place, client, channel, async (walk) => {
    await walk.checkAll();
    const next = place.publishNext(channel);
    if (next === null) return false;
    try {
      await walk.checkAll();
      return isVersion((await walk.record()).after.version, next.version);
    } finally {
      await next.undo();
    }
  });
}

async function withWalk<Result>(
  place: ProofPlace,
  client: ClientSpec,
  channel: Channel,
  work: (walk: Walk) => Promise<Result>,
): Promise<Result> {
  const { room } = place;
  const folder = await mkdtemp(join(room.folder, 'person-'));
  const trace = (): void => undefined;
  const movedFeed = newFeedPaths(channel);
  const person = await openPerson(client, room, { channel, folder, trace, movedFeed });
  try {
    return await work(new Walk(place, person, client, channel));
  } finally {
    await person.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class Walk {
  readonly asked = new Set<string>();
  readonly #place: ProofPlace;
  readonly #person: Person;
  readonly #client: ClientSpec;
  readonly #channel: Channel;
  readonly #before: RunRecord['before'];
  readonly #checks: CheckRecord[] = [];
  readonly #installs: RunRecord['installs'][number][] = [];
  #now = BEGINNING;

  constructor(place: ProofPlace, person: Person, client: ClientSpec, channel: Channel) {
    this.#place = place;
    this.#person = person;
    this.#client = client;
    this.#channel = channel;
    this.#before = person.installed;
  }

  async checkAll(): Promise<void> {
    for (let check = 1; check <= MOST_CHECKS && this.#person.starts; check += 1) {
      // Where nothing came and nothing changed, the next check finds all as this one did.
      if (!(await this.#check(check))) return;
    }
  }

  async record(): Promise<RunRecord> {
    const promise = await this.#findPromise();
    return {
      macos: this.#client.macos,
      before: this.#before,
      after: this.#person.installed,
      promisedVersion: promise?.version ?? null,
      promised: null,
      checks: [...this.#checks],
      installs: [...this.#installs],
      nextArrives: null,
    };
  }

  /** @returns whether anything happened */
  async #check(check: number): Promise<boolean> {
    const feed = this.#person.hasMoved ? 'new' : 'old';
    const promised = await this.#place.offerOf(feed, this.#channel);
    this.#place.forgetTraffic();
    const { result, installed } = await this.#person.check(new Date(this.#now));
    this.#now += HOUR;
    const { paths, artifactBytes } = this.#place.readTraffic();
    for (const path of paths) this.asked.add(path);
    this.#checks.push({ ...result, manifest: feed === 'old' ? 0 : 1, check, artifactBytes, installed });
    if (installed !== null) this.#installs.push({ installed, promisedSha256: promised?.sha256 ?? null });
    return artifactBytes > 0 || installed !== null;
  }

  /** The best that is offered to this Mac: who has to stay on the old feed's last version was promised that. */
  async #findPromise(): Promise<ServedOffer | null> {
    const old = await this.#place.offerOf('old', this.#channel);
    if (!this.#person.hasMoved) return old;
    const next = await this.#place.offerOf('new', this.#channel);
    return next !== null && startsOn(this.#client.macos, next.minimumOs ?? '') ? next : old;
  }
}
