import { onTestFinished } from 'vitest';
import { type LabRoom, openLabRoom } from '../../src/lab/run/lab-room.ts';
import type { Cell } from '../../src/lab/run/outcome.ts';
import { type RunOptions, runScenario } from '../../src/lab/run/run-scenario.ts';
import { type LabData, loadLab } from '../../src/lab/scenario/load-lab.ts';
import { makeOffer } from '../../src/lab/scenario/make-offer.ts';
import { type ClientSpec, makeScenario, type Offer, type Scenario } from '../../src/lab/scenario/scenario.ts';
import type { ManifestData } from '../../src/lab/scenario/schema.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The lab's own data, and a room that goes with the test. */
export interface LabRun {
  readonly room: LabRoom;
  readonly data: LabData;
  /** Of data files, by name; `name` of a scenario file, or `<offer>/<host>`. */
  scenario(name: string): Scenario;
  client(name: string): ClientSpec;
  /** An offer on a state of the host by its name. */
  onHost(offer: Offer, host: string): Scenario;
  run(scenario: string | Scenario, client: string, options?: RunOptions): Promise<Cell>;
}

export async function openLabRun(): Promise<LabRun> {
  const [data, folder] = await Promise.all([loadLab(), temporaryFolder()]);
  const room = await openLabRoom(folder);
  onTestFinished(() => room.close());
  const scenario = (name: string): Scenario => {
    const own = data.scenarios.find((one) => one.name === name);
    const [offer = '', host = ''] = name.split('/');
    return own ?? makeScenario(byName(data.offers, offer), byName(data.hosts, host));
  };
  const client = (name: string): ClientSpec => byName(data.clients, name);
  return {
    room,
    data,
    scenario,
    client,
    onHost: (offer, host) => makeScenario(offer, byName(data.hosts, host)),
    run: (wanted, name, options) =>
      runScenario(typeof wanted === 'string' ? scenario(wanted) : wanted, client(name), room, options),
  };
}

/** An offer of a test's own: whole build numbers and version tags unless told otherwise. */
export function offerOf(
  ...manifests: readonly (Partial<ManifestData> & { readonly version: string })[]
): Offer {
  const data = manifests.map((manifest) => ({
    channel: 'stable' as const,
    date: '2026-03-12T00:00:00Z',
    url: 'version-tag' as const,
    changes: {},
    checks: 3,
    ...manifest,
  }));
  return makeOffer('of-a-test', { title: 'Of a test', description: '', manifests: data }, 'given');
}

function byName<Item extends { readonly name: string }>(items: readonly Item[], name: string): Item {
  const item = items.find((one) => one.name === name);
  if (item === undefined) throw new Error(`There is no ${name}.`);
  return item;
}
