import type { LoggedRequest } from './release-host/answer.ts';
import { ELSEWHERE } from './show-address.ts';

/** Whether bytes of an artifact were sent: behind a release's redirect, or on the double of another host. */
export function isArtifactAnswer({ on, path, status, bytes }: LoggedRequest): boolean {
  const isPlace = on === 'asset' || (on === 'manifest' && path.startsWith(ELSEWHERE));
  return isPlace && (status === 200 || status === 206) && bytes > 0;
}
