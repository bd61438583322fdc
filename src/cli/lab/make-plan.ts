import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { UpdateError } from '../../errors.ts';
import { completeStranded } from '../../lab/plan/complete-stranded.ts';
import { findCurrentOffers } from '../../lab/plan/current-offers.ts';
import { derivePlan } from '../../lab/plan/derive-plan.ts';
import type { MigrationPlan } from '../../lab/plan/migration-plan.ts';
import {
  DEFAULT_WISHES,
  type HostFacts,
  hostFactsOfState,
  hostFactsOfStatus,
} from '../../lab/plan/plan-input.ts';
import { type ProofOptions, provePlan } from '../../lab/plan/prove-plan.ts';
import { GITHUB_POLICY } from '../../lab/scenario/make-offer.ts';
import { HISTORY } from '../../lab/scenario/read-manifest-folder.ts';
import type { ClientSpec, OfferedManifest } from '../../lab/scenario/scenario.ts';
import { quote } from '../../quote.ts';
import { chooseOne } from './choose.ts';
import type { LabData } from './open-data.ts';

export interface PlanOptions {
  /** File with what `nexy-release status --json` printed. */
  readonly status?: string;
  /** Name of a state of the release host. */
  readonly host?: string;
  readonly nextVersion?: string;
  readonly nextMinimumOs?: string;
  readonly followingMinimumOs?: string;
}

/** Where no folder of manifests is there: a history that went back, and then one build under four versions. */
const GENERATED_SERIES = ['version-regression', 'bytes-reused'];

/** What is read of a status. */
const STATUS = v.object({
  tags: v.nullable(v.array(v.object({ tag: v.string() }))),
  fixedTags: v.nullable(
    v.array(v.object({ tag: v.string(), isThere: v.boolean(), downloads: v.nullable(v.number()) })),
  ),
});

/**
 * Derives the plan for the series of manifests, and tries it with these clients.
 *
 * @throws UpdateError `usage`, `version-invalid` for what cannot be planned with; `cancelled`
 */
export async function makePlan(
  options: PlanOptions,
  data: LabData,
  clients: readonly ClientSpec[],
  proof: ProofOptions,
): Promise<MigrationPlan> {
  const manifests = seriesOf(data);
  const input = {
    manifests,
    host: await readHost(options, data, manifests),
    clients,
    policy: GITHUB_POLICY,
    wishes: {
      nextVersion: options.nextVersion ?? DEFAULT_WISHES.nextVersion,
      nextMinimumOs: options.nextMinimumOs ?? DEFAULT_WISHES.nextMinimumOs,
      followingMinimumOs: options.followingMinimumOs ?? DEFAULT_WISHES.followingMinimumOs,
    },
  };
  const plan = derivePlan(input);
  const tried = await provePlan(plan, input, proof);
  return { ...plan, stranded: completeStranded(plan, tried, input), proof: tried };
}

function seriesOf({ offers }: LabData): readonly OfferedManifest[] {
  const history = offers.find(({ name }) => name === HISTORY);
  if (history !== undefined) return history.manifests;
  return GENERATED_SERIES.flatMap((name) => offers.find((offer) => offer.name === name)?.manifests ?? []);
}

async function readHost(
  { status, host }: PlanOptions,
  { hosts }: LabData,
  manifests: readonly OfferedManifest[],
): Promise<HostFacts | null> {
  if (status !== undefined && host !== undefined)
    throw new UpdateError(
      'usage',
      'What lies on the release host is said by --status or --host, not by both.',
    );
  if (status !== undefined) return hostFactsOfStatus(await readStatusFile(status));
  if (host === undefined) return null;
  const { stable, beta } = findCurrentOffers(manifests, GITHUB_POLICY);
  const current = [stable, beta].flatMap((offer) => (offer === null ? [] : [offer.offered]));
  return hostFactsOfState(chooseOne('host', host, hosts), current);
}

async function readStatusFile(file: string): Promise<v.InferOutput<typeof STATUS>> {
  try {
    return v.parse(STATUS, JSON.parse(await readFile(resolve(file), 'utf8')));
  } catch (cause) {
    throw new UpdateError(
      'usage',
      `${quote(file)} is not what "nexy-release status --json" prints. No plan was made. Run that with a token, and keep its output in a file.`,
      { cause, details: { file } },
    );
  }
}
