import { UpdateError } from '../../errors.ts';
import { readApiUrl } from './api-url.ts';
import { Calls } from './calls.ts';
import { GitHub } from './github.ts';
import { makeOctokit } from './make-octokit.ts';
import { type Fetch, Transport, type TransportLimits } from './transport.ts';

export interface GitHubOptions {
  readonly apiUrl: string;
  /** Null or empty is refused before any request. */
  readonly token: string | null;
  /** `owner/repository`. */
  readonly owner: string;
  readonly signal?: AbortSignal | undefined;
  /** Told when GitHub asks to wait for a rate limit. */
  readonly onWait?: (seconds: number) => void;
  /** Takes the place of undici's fetch: recorded traffic is replayed to the global one. */
  readonly fetch?: Fetch;
  /** Milliseconds that count as a second in its waits; tests shorten them. */
  readonly second?: number;
  /** Shorter ones for tests. */
  readonly limits?: TransportLimits;
  /** Whether writing calls are spaced as GitHub asks; by default they are, unless the API is on loopback. */
  readonly isPaced?: boolean;
}

/**
 * The releases of one repository. Nothing is sent yet.
 *
 * @throws UpdateError `github-auth` without a token, `usage` for an API address or a proxy that cannot be used
 */
export function openGitHub(options: GitHubOptions): GitHub {
  const { owner, second = 1000, onWait = () => undefined } = options;
  const api = readApiUrl(options.apiUrl);
  const token = assertToken(options.token);
  const transport = new Transport({ api, fetch: options.fetch, limits: options.limits });
  const isPaced = options.isPaced ?? !api.isLoopback;
  const connect = (signal: AbortSignal | null): GitHub => {
    const client = makeOctokit({ api, token, fetch: transport.fetch, second, isPaced, signal });
    const calls = new Calls({ client, transport, token, owner, signal, second, onWait });
    return new GitHub({ api, owner, transport, calls, signal, second, connect });
  };
  return connect(options.signal ?? null);
}

function assertToken(token: string | null): string {
  if (token === null || token.trim() === '') {
    throw new UpdateError(
      'github-auth',
      'There is no token for GitHub. Nothing was sent. Set GITHUB_TOKEN (or GH_TOKEN) to one that may write the ' +
        'contents of the repository.',
    );
  }
  // As a header it would fail with an error that shows it.
  if (/^[\x21-\x7e]+$/.test(token.trim())) return token.trim();
  throw new UpdateError(
    'github-auth',
    'The token for GitHub holds characters that no token has. Nothing was sent. Set GITHUB_TOKEN anew.',
  );
}
