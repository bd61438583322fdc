import { fileURLToPath } from 'node:url';
import type { HttpSettings } from '../http.ts';

/**
 * The bytes of a manifest named on the command line: a URL, a file: URL or a path. Nothing is kept of it.
 *
 * @throws UpdateError `manifest-unreachable`, `artifact-url-insecure`, `cancelled`.
 */
export async function readManifestSource(
  source: string,
  options: HttpSettings & { readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  const { fetchManifest, readManifestFile } = await import('../check/fetch-manifest.ts');
  if (!isUrl(source)) return readManifestFile(manifestPath(source));
  const { signal, ...http } = options;
  const fetched = await fetchManifest({
    url: source,
    stateFolder: null,
    http,
    ...(signal === undefined ? {} : { signal }),
  });
  return fetched.bytes;
}

/** Whether a manifest is to be fetched rather than read from a file. */
export function isUrl(source: string): boolean {
  return /^https?:/i.test(source);
}

function manifestPath(source: string): string {
  return source.startsWith('file:') ? fileURLToPath(source) : source;
}
