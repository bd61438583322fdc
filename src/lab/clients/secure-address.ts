import type { ReleaseHost } from '../release-host/release-host.ts';
import { showAddress } from '../show-address.ts';
import { endCheck } from './run-check.ts';
import { showValue } from './show-value.ts';

const LOCALHOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1']);

/**
 * Ends the check unless the address is https, or http on the computer itself where the client allows that. The
 * double's own addresses count as those that they play.
 */
export function assertSecureAddress(
  host: ReleaseHost,
  url: string,
  options: { readonly allowsHttpOnLocalhost: boolean },
): void {
  const shown = showAddress(host, url);
  const address = URL.parse(shown);
  if (address?.protocol === 'https:') return;
  const isLocal = address?.protocol === 'http:' && LOCALHOSTS.has(address.hostname);
  if (isLocal && options.allowsHttpOnLocalhost) return;
  throw endCheck(
    'failed',
    'artifact-url-insecure',
    `${showValue(shown)} is not an https address, so nothing was downloaded.`,
  );
}
