import { channelsOf, findWay } from './find-stranded.ts';
import type { MigrationPlan, PlanProof } from './migration-plan.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * Who does not get updates today, with those of whom only the run before the first step told: what a client makes of
 * an odd manifest is the client's matter, and no rule of a plan's can know all of it.
 */
export function completeStranded(
  { stranded, transition }: Pick<MigrationPlan, 'stranded' | 'transition'>,
  { stages }: Pick<PlanProof, 'stages'>,
  { clients, policy }: PlanInput,
): MigrationPlan['stranded'] {
  const before = stages.find(({ after }) => after === 'before')?.clients ?? [];
  const found = clients.flatMap((client) => {
    const [channel] = channelsOf(client, policy);
    const run = before.find((each) => each.client === client.name && each.channel === channel);
    const isKnown = stranded.some((each) => each.client === client.name);
    if (isKnown || run === undefined || run.outcome === 'promised') return [];
    const { reachedBy, otherwise } = findWay(client, transition, policy);
    return [{ client: client.name, why: [run.why, otherwise].join(' ').trim(), reachedBy }];
  });
  return [...stranded, ...found];
}
