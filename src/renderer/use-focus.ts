import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Keeps the keyboard's place: the first screen puts it on the heading, so that it is read out. After that it is moved
 * only where what had it is gone: from a button to the button that counts now, from anywhere else to the heading.
 *
 * @returns for the heading
 */
export function useFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  // Read while the page still is as it was.
  const before = document.activeElement;
  const wasButton = before instanceof HTMLElement && before.closest('[data-actions]') !== null;
  useLayoutEffect(() => {
    const isLost = before !== null && !before.isConnected;
    if (isLost && wasButton) (lastButton() ?? heading.current)?.focus();
    else if (isLost || (isFirst.current && before === document.body)) heading.current?.focus();
    isFirst.current = false;
  });
  return heading;
}

/** The default button, or the least harmful one where there is no default. */
function lastButton(): HTMLElement | null {
  return document.querySelector('[data-actions] button:last-of-type');
}
