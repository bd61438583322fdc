import { states, tellApart } from '../state.ts';
import type { Life, LifeLine, LifeOf, Ready } from './life.ts';

export function makeReady({ offer, prepared, lastMoments, download, file }: Ready): LifeOf<'ready'> {
  const { needsAuthorization } = prepared;
  const state = states.ready({ version: offer.updateInfo.version, needsAuthorization, download });
  return { kind: 'ready', state, offer, prepared, lastMoments, download, file };
}

/** Takes away what was staged; what was offered is offered still. */
export async function discard(line: LifeLine, ready: LifeOf<'ready'>): Promise<void> {
  const { offer } = ready;
  const decision = tellApart(offer.decision);
  if (decision.action !== 'update') throw new Error(`This was never for downloading: ${decision.message}`);
  // First, since the next download needs the lock.
  await giveBack(ready);
  if (line.now() !== ready) return;
  const state = states.available({ version: ready.state.version, decision });
  line.become(ready, { kind: 'available', state, offer });
}

/** Gives back everything that a ready update holds; the target was never touched. */
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
