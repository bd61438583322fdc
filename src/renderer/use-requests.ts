import { useCallback, useEffect, useState } from 'preact/hooks';
import type { WindowBridge, WindowRequest } from '../electron/window-contract.ts';
import type { Texts } from '../texts/english.ts';

export type Send = (request: WindowRequest) => void;

/** Sends requests, and says what cannot be seen otherwise: that a report was copied, or that nobody took the request. */
export function useRequests(
  bridge: WindowBridge,
  key: string,
  { trouble }: Texts,
): { readonly send: Send; readonly notice: string | null } {
  const [notice, setNotice] = useState<string | null>(null);
  // What is said of one state is gone with it.
  useEffect(() => setNotice(null), [key]);
  const send = useCallback(
    (request: WindowRequest): void => {
      setNotice(null);
      bridge.request(request).then(
        () => {
          if (request.kind === 'copy-report') setNotice(trouble.copied);
        },
        (error: unknown) => {
          console.error(error);
          setNotice(trouble.request);
        },
      );
    },
    [bridge, trouble],
  );
  return { send, notice };
}
