import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { announce, type Said } from './announce.ts';
import type { Screen } from './screen.ts';

/** What a screen reader says by itself. Both regions are always there: one that appears with its text is often missed. */
export function LiveRegions({ screen, notice }: { readonly screen: Screen; readonly notice: string | null }) {
  const said = useRef<Said | null>(null);
  const [polite, setPolite] = useState('');
  const [urgent, setUrgent] = useState('');
  useLayoutEffect(() => {
    const speech = announce(said.current, screen);
    said.current = speech.said;
    if (speech.polite !== null) setPolite(speech.polite);
    if (speech.urgent !== null) setUrgent(speech.urgent);
  }, [screen]);
  return (
    <>
      <div role="status" class="spoken">
        {notice ?? polite}
      </div>
      <div role="alert" class="spoken">
        {urgent}
      </div>
    </>
  );
}
