import type { OutgoingHttpHeaders } from 'node:http';
import { CHANNELS, type Channel } from '../config.ts';
import { UpdateError } from '../errors.ts';
import type { HttpSettings } from '../http.ts';
import { quote } from '../quote.ts';

/** One manifest for all channels, or one for each. */
export type ManifestUrls = string | Readonly<Record<Channel, string>>;

/** Where manifests come from, on which channel, and what is sent along. */
export class Feed {
  #urls: ManifestUrls;
  #channel: Channel | null;
  readonly #http: HttpSettings;
  requestHeaders: OutgoingHttpHeaders | null;

  constructor(urls: ManifestUrls, channel: Channel | null, http: HttpSettings) {
    this.#urls = urls;
    this.#channel = channel;
    this.#http = http;
    this.requestHeaders = http.requestHeaders === undefined ? null : { ...http.requestHeaders };
  }

  get channel(): Channel | null {
    return this.#channel;
  }

  /** @throws UpdateError `usage` for a channel that there is not. */
  setChannel(text: string | null): void {
    const channel = text === null ? null : CHANNELS.find((each) => each === text);
    if (channel === undefined) {
      throw new UpdateError('usage', `${quote(text ?? '')} is no channel. Use ${CHANNELS.join(' or ')}.`);
    }
    this.#channel = channel;
  }

  get manifestUrl(): string {
    return typeof this.#urls === 'string' ? this.#urls : this.#urls[this.#channel ?? 'stable'];
  }

  /**
   * @param feed the manifest's address, alone or as electron-updater's options for the provider `generic`
   * @throws UpdateError `usage` for feeds of other kinds.
   */
  setUrl(feed: string | object): void {
    const { provider, url } =
      typeof feed === 'string' ? { provider: 'generic', url: feed } : readFeedOptions(feed);
    if (provider !== 'generic' || url === null || URL.parse(url) === null) {
      throw new UpdateError(
        'usage',
        'The feed of this updater is the complete address of a manifest: a text, or { provider: "generic", url }.',
        { details: { provider } },
      );
    }
    this.#urls = url;
  }

  addHeader(name: string, value: string): void {
    this.requestHeaders = { ...this.requestHeaders, [name]: value };
  }

  /** For the manifest. */
  get http(): HttpSettings {
    return { ...this.#http, requestHeaders: textHeaders(this.requestHeaders ?? {}) };
  }

  /** For files of a release: headers may hold a token, and a token for the manifest's host is nobody else's. */
  httpFor(urls: readonly string[]): HttpSettings {
    const own = URL.parse(this.manifestUrl)?.origin;
    const isOwn = urls.every((url) => URL.parse(url)?.origin === own);
    return isOwn ? this.http : { ...this.#http, requestHeaders: {} };
  }
}

function readFeedOptions(feed: object): { readonly provider: string; readonly url: string | null } {
  const provider = 'provider' in feed && typeof feed.provider === 'string' ? feed.provider : '';
  return { provider, url: 'url' in feed && typeof feed.url === 'string' ? feed.url : null };
}

function textHeaders(headers: OutgoingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : String(value)]],
    ),
  );
}
