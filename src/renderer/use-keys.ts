import { useLayoutEffect } from 'preact/hooks';
import type { Screen } from './screen.ts';
import type { Send } from './use-requests.ts';

/** Where Return already has a meaning. */
const TAKES_RETURN = 'a, button, summary, select, input, textarea';

interface Keys {
  readonly screen: Screen;
  /** Whether the person has had time to see the screen. */
  readonly isSettled: boolean;
  readonly send: Send;
}

/** Escape closes the window, Return does the default button, as in every dialogue on a Mac. */
export function useKeys({ screen, isSettled, send }: Keys): void {
  // At once: what is pressed now is meant for what is shown now.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const { key, target, defaultPrevented, isComposing, repeat } = event;
      const isModified = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
      if (defaultPrevented || isComposing || repeat || isModified) return;
      if (key === 'Escape') send({ kind: 'close' });
      if (key !== 'Enter' || !isSettled) return;
      if (target instanceof Element && target.closest(TAKES_RETURN) !== null) return;
      const action = screen.actions.find(({ isDefault }) => isDefault === true);
      if (action === undefined) return;
      event.preventDefault();
      send(action.request);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [screen, isSettled, send]);
}
