import { assertUrlAllowed } from '../http.ts';

/** Whether a client may be told to fetch it: https, or http on loopback where that is allowed. */
export function isFetchable(url: string, options: { readonly allowLoopback: boolean }): boolean {
  try {
    assertUrlAllowed(url, options);
    return true;
  } catch {
    return false;
  }
}
