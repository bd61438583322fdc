import type { IncomingMessage } from 'node:http';
import type { Got } from 'got';
import { BodyReceiver } from './body-receiver.ts';

export interface OpenResponse {
  readonly response: IncomingMessage;
  readonly body: BodyReceiver;
  /** Closes the socket if the body was not read to its end. */
  close(): void;
}

/**
 * Makes the request through got (redirects, proxy, time-outs) and hands over the raw response, whose body
 * is already being taken.
 *
 * @throws got's errors, or UpdateError `artifact-url-insecure` for a redirect that is refused
 */
export async function openResponse(
  client: Got,
  url: string,
  headers: Readonly<Record<string, string>>,
  responseTimeout: number,
  signal: AbortSignal | undefined,
): Promise<OpenResponse> {
  const stream = client.stream(url, {
    headers: { ...headers },
    timeout: { response: responseTimeout },
    ...(signal === undefined ? {} : { signal }),
  });
  const [response, body] = await new Promise<[IncomingMessage, BodyReceiver]>((resolve, reject) => {
    // Stays on: got also reports what later happens to the body, which the receiver sees for itself.
    stream.on('error', reject);
    stream.once('response', (message: IncomingMessage) => {
      // got waits for 'readable' on behalf of its own stream, which nobody reads; as long as anyone does,
      // Node sends no 'data'.
      message.removeAllListeners('readable');
      resolve([message, new BodyReceiver(message)]);
    });
  });
  return {
    response,
    body,
    close: () => {
      stream.destroy();
      if (!response.readableEnded) response.destroy();
    },
  };
}
