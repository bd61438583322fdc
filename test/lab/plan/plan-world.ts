import { join } from 'node:path';
import { parse } from 'valibot';
import { DEFAULT_WISHES, type PlanInput, type PlanWishes } from '../../../src/lab/plan/plan-input.ts';
import { loadLab } from '../../../src/lab/scenario/load-lab.ts';
import { GITHUB_POLICY, makeOffer } from '../../../src/lab/scenario/make-offer.ts';
import { HISTORY } from '../../../src/lab/scenario/read-manifest-folder.ts';
import type { ClientSpec } from '../../../src/lab/scenario/scenario.ts';
import { CLIENT_SCHEMA, OFFER_SCHEMA } from '../../../src/lab/scenario/schema.ts';
import { FIXTURES } from '../../support/fixtures.ts';

/** What is put into a plan, from manifests as data files have them. */
export function inputOf(
  manifests: readonly object[],
  { wishes, ...more }: Partial<Omit<PlanInput, 'wishes'>> & { readonly wishes?: Partial<PlanWishes> } = {},
): PlanInput {
  const data = parse(OFFER_SCHEMA, { title: 'Made up', manifests });
  return {
    manifests: makeOffer('made-up', data, 'given').manifests,
    host: null,
    clients: Object.values(CLIENTS),
    policy: GITHUB_POLICY,
    ...more,
    wishes: { ...DEFAULT_WISHES, ...wishes },
  };
}

/** The manifests that were once served to the world, and the clients of the lab. */
export async function realInput(wishes: Partial<PlanWishes> = {}): Promise<PlanInput> {
  const { offers, clients } = await loadLab({ realManifests: join(FIXTURES, 'manifests') });
  const manifests = offers.find(({ name }) => name === HISTORY)?.manifests ?? [];
  return { manifests, host: null, clients, policy: GITHUB_POLICY, wishes: { ...DEFAULT_WISHES, ...wishes } };
}

const COMMON = { title: 'A client', macos: '15.5' } as const;
const OLD = {
  ...COMMON,
  model: 'manifest',
  downloads: 'artifact-url',
  verifies: ['size', 'sha256'],
} as const;
const FIXED = 'https://github.com/Seregawpn/Nexy_production/releases/download';

/** One of each kind. */
export const CLIENTS = {
  whole: client('whole', {
    ...OLD,
    compares: 'integer-build',
    installed: { version: '1.5.0', bundleVersion: '10500' },
  }),
  wholeOn11: client('whole-on-11', {
    ...OLD,
    macos: '11.7.10',
    compares: 'integer-build',
    installed: { version: '1.5.0', bundleVersion: '10500' },
  }),
  versions: client('versions', { ...OLD, compares: 'version', installed: { version: '1.5.0' } }),
  fixed: client('fixed', {
    ...OLD,
    compares: 'version',
    downloads: { address: `${FIXED}/Update/Nexy.dmg` },
    verifies: [],
    installed: { version: '1.5.0' },
  }),
  sparkle: client('sparkle', { ...COMMON, model: 'appcast', installed: { version: '1.5.0' } }),
  ours: client('ours', { ...COMMON, model: 'ours', installed: { version: '1.5.0' } }),
  oursOn12: client('ours-on-12', {
    ...COMMON,
    model: 'ours',
    macos: '12.7',
    installed: { version: '1.5.0' },
  }),
} as const;

/** A client with one thing that is different. */
export function client(name: string, data: object): ClientSpec {
  return { ...parse(CLIENT_SCHEMA, data), name };
}

export function changed(spec: ClientSpec, changes: object): ClientSpec {
  const { name, ...data } = spec;
  return client(name, { ...data, ...changes });
}
