import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type ClientSpec,
  type HostState,
  makeScenario,
  type Offer,
  type Scenario,
} from '../../lab/scenario/scenario.ts';
import { PACKAGE_FOLDER } from '../options.ts';

export interface LabFolders {
  /** `--manifests` */
  readonly manifests?: string;
  /** `--scenarios` */
  readonly scenarios: readonly string[];
}

/** All that can be run. */
export interface LabData {
  readonly offers: readonly Offer[];
  readonly hosts: readonly HostState[];
  readonly clients: readonly ClientSpec[];
  /** Every offer on every state of the host, then the scenarios that have a file of their own. */
  readonly scenarios: readonly Scenario[];
  /** The folder that the series of manifests comes from: the one given, else the real ones; null without any. */
  readonly series: string | null;
  /** Whether the manifests that were once served are there. */
  readonly hasRealManifests: boolean;
}

/** The team's own collection of what was once served; no part of the package. */
const REAL_MANIFESTS = join(PACKAGE_FOLDER, '..', 'shared', 'fixtures', 'manifests');

/** @throws UpdateError `usage` for folders or files that cannot be used */
export async function openLabData({ manifests, scenarios }: LabFolders): Promise<LabData> {
  const { loadLab } = await import('../../lab/scenario/load-lab.ts');
  const given = manifests === undefined ? null : resolve(manifests);
  const real = await access(REAL_MANIFESTS).then(
    () => REAL_MANIFESTS,
    () => null,
  );
  const data = await loadLab({
    folders: scenarios.map((folder) => resolve(folder)),
    manifests: given,
    realManifests: real,
  });
  const combined = data.offers.flatMap((offer) => data.hosts.map((host) => makeScenario(offer, host)));
  return {
    ...data,
    scenarios: [...combined, ...data.scenarios],
    series: given ?? real,
    hasRealManifests: real !== null,
  };
}
