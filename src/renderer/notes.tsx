import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Texts } from '../texts/english.ts';
import { guessLanguage } from './guess-language.ts';
import { renderNotes } from './render-notes.ts';
import type { NotesText } from './screen.ts';

interface NotesProps {
  readonly notes: NotesText;
  readonly texts: Texts;
  readonly onLink: (url: string) => void;
}

/** Below the title of the notes. */
const TOP_LEVEL = 3;

/** Release notes. They stay as they are for as long as they are of the same text, so that nobody loses the place. */
export function Notes({ notes: { title, markdown }, texts, onLink }: NotesProps) {
  const container = useRef<HTMLDivElement>(null);
  const [isCut, setIsCut] = useState(false);
  useLayoutEffect(() => {
    const rendered = renderNotes(markdown, {
      topLevel: TOP_LEVEL,
      describeLink: (url) => texts.notes.opens({ url }),
      tableName: texts.notes.table,
    });
    container.current?.replaceChildren(rendered.content);
    setIsCut(rendered.isCut);
  }, [markdown, texts]);
  const follow = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null) return;
    // The window itself never goes anywhere, whichever button and modifier it was.
    event.preventDefault();
    if (event.type === 'click') onLink(link.href);
  };
  return (
    <section class="notes" aria-labelledby="notes-title">
      <h2 id="notes-title">{title}</h2>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the links in it are what is pressed */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: Return on a link is a click too */}
      <div class="text" lang={guessLanguage(markdown)} ref={container} onClick={follow} onAuxClick={follow} />
      {isCut && <p>{texts.notes.cut}</p>}
    </section>
  );
}
