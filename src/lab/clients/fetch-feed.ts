import { UpdateError } from '../../errors.ts';
import type { Fetched, Network } from '../network.ts';
import { showAddress } from '../show-address.ts';
import type { LabWorld } from './client.ts';
import { endCheck } from './run-check.ts';

/** What the feed says at this moment. Without an answer of 200 the check ends, and the next one asks again. */
export async function fetchFeed(
  { host, feed }: Pick<LabWorld, 'host' | 'feed'>,
  network: Network,
  kind: keyof LabWorld['feed'],
): Promise<Fetched> {
  const url = host.origin + feed[kind];
  const reason = `${kind}-unreachable`;
  try {
    const fetched = await network.fetch(url);
    if (fetched.status === 200) return fetched;
    const message = `${showAddress(host, url)} answered ${fetched.status}, so it is not known what is offered.`;
    throw endCheck('failed', reason, message);
  } catch (error) {
    throw error instanceof UpdateError ? endCheck('failed', reason, error.message) : error;
  }
}
