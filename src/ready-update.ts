import { states } from './state.ts';
import type { Life, LifeLine, LifeOf, Ready } from './updater-life.ts';

export function makeReady({ offer, prepared, lastMoments, download }: Ready): LifeOf<'ready'> {
  const { needsAuthorization } = prepared;
  const state = states.ready({ version: offer.updateInfo.version, needsAuthorization, download });
  return { kind: 'ready', state, offer, prepared, lastMoments, download };
}

/** Takes away what was staged; the target was never touched. */
export async function giveBack({ lastMoments, prepared }: Ready): Promise<void> {
  await lastMoments.abandon();
  await prepared.discard();
}

/** What is ready stays ready while a check runs: whoever needs it does not wait for the answer. */
export function overtakeCheck(line: LifeLine): Life {
  const life = line.now();
  if (life.kind !== 'checking' || life.before.kind !== 'ready') return life;
  const ready = line.become(life, life.before);
  life.controller.abort();
  return ready;
}
