import { Agent } from 'node:http';
import got, { type Got, RequestError } from 'got';
import { UpdateError } from '../errors.ts';
import { describeHttpFailure } from '../http-failure.ts';
import { quote } from '../quote.ts';
import { openElsewhere } from './elsewhere.ts';
import type { ReleaseHost } from './release-host/release-host.ts';
import { showAddress } from './show-address.ts';
import type { Trace } from './trace.ts';

export interface Fetched {
  /** HTTP status of the last answer. */
  readonly status: number;
  readonly bytes: Uint8Array;
  /** After redirects, as the double was asked. */
  readonly finalUrl: string;
}

/** What the models of old clients use. */
export interface Network {
  /**
   * Fetches what the double has in place of that address. Redirects are followed; nothing is repeated.
   *
   * @throws UpdateError `download-failed` where no answer came
   */
  fetch(url: string): Promise<Fetched>;
}

/** As many as Python's requests and Apple's URL loading would follow at least; GitHub needs one. */
const MAXIMUM_REDIRECTS = 10;

/** Idle connections are kept for the next client of the same double, and end with it. */
const agent = new Agent({ keepAlive: true });

const COUNT = new Intl.NumberFormat('en');

/**
 * The network of a client: the release host double and nothing else. `https://github.com` is its origin, its own
 * origins are as they are, and all other hosts are answered for by `openElsewhere`: neither the real network nor a
 * port of this computer is ever asked.
 */
export function openNetwork(host: ReleaseHost, trace: Trace): Network {
  const tell = (url: string, outcome: string): void =>
    trace({ kind: 'network', text: `GET ${showAddress(host, url)} ${outcome}` });
  const client: Got = got.extend({
    agent: { http: agent },
    followRedirect: true,
    maxRedirects: MAXIMUM_REDIRECTS,
    decompress: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    responseType: 'buffer',
    hooks: {
      beforeRedirect: [
        (options, response) => {
          tell(response.url, String(response.statusCode));
          options.url = route(host, new URL(String(options.url)));
        },
      ],
    },
  });
  return {
    async fetch(url) {
      const address = route(host, readAddress(url));
      try {
        const { statusCode, rawBody, url: finalUrl } = await client(address);
        tell(finalUrl, `${statusCode} (${COUNT.format(rawBody.byteLength)} bytes)`);
        return { status: statusCode, bytes: rawBody, finalUrl };
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        const { message } = describeHttpFailure(error);
        const asked = error.options.url === undefined ? address.href : String(error.options.url);
        tell(asked, message);
        throw new UpdateError(
          'download-failed',
          `${showAddress(host, asked)} gave no answer. ${message} The next check tries again.`,
          { cause: error },
        );
      }
    },
  };
}

function readAddress(url: string): URL {
  const address = URL.parse(url);
  if (address !== null && /^https?:$/.test(address.protocol)) return address;
  throw new UpdateError(
    'download-failed',
    `${quote(url)} is no address that can be fetched. The publisher has to correct it.`,
  );
}

function route(host: ReleaseHost, url: URL): URL {
  const { origin, assetOrigin, apiOrigin, uploadOrigin } = host;
  if ([origin, assetOrigin, apiOrigin, uploadOrigin].includes(url.origin)) return url;
  if (url.host === 'github.com') return new URL(url.pathname + url.search, origin);
  return openElsewhere(host, url);
}
