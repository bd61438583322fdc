import type { GitHubRelease } from './answers.ts';
import { type ApiUrl, isUploadUrl } from './api-url.ts';

/**
 * Where an asset of a release is uploaded to: the address that the release itself names, a URI template
 * (`...{?name,label}`, RFC 6570), with the asset's name.
 *
 * @returns null for one that the token must not go to, or that is of another release
 */
export function uploadUrlOf(
  api: ApiUrl,
  { id, uploadUrl }: Pick<GitHubRelease, 'id' | 'uploadUrl'>,
  name: string,
): string | null {
  const url = URL.parse(uploadUrl.replace(/\{[^{}]*\}$/, ''));
  if (url === null || !isUploadUrl(api, url) || !url.pathname.endsWith(`/releases/${id}/assets`)) return null;
  url.search = new URLSearchParams({ name }).toString();
  url.hash = '';
  return url.href;
}
