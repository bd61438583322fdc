import type { IncomingMessage } from 'node:http';
import type { Got } from 'got';

export interface OpenResponse {
  /** Paused; its body is still to come. */
  readonly response: IncomingMessage;
  /** Closes the socket if the body was not read to its end. */
  close(): void;
}

/**
 * Makes the request through got (redirects, proxy, time-outs) and hands over the raw response.
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
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // Stays on: got also reports what later happens to the body, which the reader sees for itself.
    stream.on('error', reject);
    stream.once('response', (message: IncomingMessage) => {
      // got waits for 'readable' on behalf of its own stream, which nobody reads; as long as anyone does,
      // Node sends no 'data'.
      message.removeAllListeners('readable');
      message.pause();
      resolve(message);
    });
  });
  return {
    response,
    close: () => {
      stream.destroy();
      if (!response.readableEnded) response.destroy();
    },
  };
}
