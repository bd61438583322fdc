import type { IncomingMessage } from 'node:http';
import type { Got } from 'got';
import { UpdateError } from '../../errors.ts';
import { type AssetFacts, type AssetSource, contentTypeOf } from '../asset.ts';
import { STALL_LIMIT } from '../download/hash-download.ts';

/**
 * A published file as something that can be uploaded elsewhere: each time its bytes are taken from the public address,
 * without being kept. Nobody has compared them yet; GitHub's digest of what arrives does.
 *
 * @param client of `createHttpClient`: no credentials
 */
export function remoteAsset(
  client: Got,
  url: string,
  facts: AssetFacts,
  signal: AbortSignal | null,
): AssetSource {
  return {
    ...facts,
    contentType: contentTypeOf(facts.name),
    openStream: () => readRemote(client, url, facts, signal),
  };
}

async function* readRemote(
  client: Got,
  url: string,
  { name }: AssetFacts,
  signal: AbortSignal | null,
): AsyncGenerator<Uint8Array> {
  const stream = client.stream(url, {
    timeout: { socket: STALL_LIMIT },
    ...(signal === null ? {} : { signal }),
  });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('error', reject);
    });
    if (response.statusCode !== 200) {
      throw new UpdateError(
        'not-published',
        `${name} could not be downloaded from ${url} (status ${response.statusCode}). The fixed tag is as it was. ` +
          'Run verify to see what is published.',
        { details: { url, status: response.statusCode } },
      );
    }
    yield* stream as AsyncIterable<Uint8Array>;
  } finally {
    stream.destroy();
  }
}
