import { describe, expect, it } from 'vitest';
import { completeStranded } from '../../../src/lab/plan/complete-stranded.ts';
import { derivePlan } from '../../../src/lab/plan/derive-plan.ts';
import { provePlan } from '../../../src/lab/plan/prove-plan.ts';
import { CLIENTS, changed, inputOf } from './plan-world.ts';

describe('who gets nothing today', () => {
  it('is known from the run too, where no rule of the plan tells it', async () => {
    const withKey = changed(CLIENTS.versions, { verifies: ['ed25519'], hasKey: true });
    const manifest = { version: '2.0.0.46', changes: { artifact: { ed25519: 'AAAA' } } };
    const input = inputOf([manifest], { clients: [withKey, CLIENTS.ours] });
    const plan = derivePlan(input);
    expect(plan.stranded).toEqual([]);
    const proof = await provePlan({ ...plan, steps: [] }, input);
    expect(completeStranded(plan, proof, input)).toEqual([
      {
        client: 'versions',
        why: expect.stringMatching(/signature/),
        reachedBy: expect.stringContaining(plan.transition.version),
      },
    ]);
  });

  it('is told once', async () => {
    const input = inputOf([{ version: '2.0.0.46' }], { clients: [CLIENTS.whole] });
    const plan = derivePlan(input);
    const proof = await provePlan({ ...plan, steps: [] }, input);
    expect(completeStranded(plan, proof, input)).toEqual(plan.stranded);
  });
});
