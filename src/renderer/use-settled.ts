import { useEffect, useState } from 'preact/hooks';

/** Milliseconds. Long enough to see that a button has become another one, and shorter than deciding to press it. */
const SETTLING = 500;

/**
 * False for a moment after the state has changed. What is pressed then was meant for the button that was there before:
 * a second click on *Download* must not cancel it, and Return must not restart the app.
 */
export function useSettled(key: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(key), SETTLING);
    return () => clearTimeout(timer);
  }, [key]);
  return settled === key;
}
