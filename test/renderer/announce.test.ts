import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { announce, type Said } from '../../src/renderer/announce.ts';
import { describeView } from '../../src/renderer/describe-view.ts';
import { wordingFor } from '../../src/texts/texts.ts';
import { downloading, makeModel, VIEWS } from './sample-models.ts';

const wording = wordingFor(['en']);

describe('announce', () => {
  it('never says the same twice in a row, politely or urgently, and never both at once', () => {
    const views = [
      ...Object.values(VIEWS),
      downloading(80_000_000),
      downloading(160_000_000),
      downloading(240_000_000),
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...views), { minLength: 2, maxLength: 40 }), (shown) => {
        let said: Said | null = null;
        let last = '';
        for (const view of shown) {
          const screen = describeView(makeModel(view), wording);
          const isFirst: boolean = said === null;
          const speech = announce(said, screen);
          const spoken = [speech.polite, speech.urgent].filter((text) => text !== null && text !== '');
          expect(spoken.length).toBeLessThanOrEqual(isFirst ? 0 : 1);
          const key = `${screen.key} ${spoken[0]}`;
          if (spoken.length > 0) expect(key).not.toBe(last);
          if (spoken.length > 0) last = key;
          if (speech.urgent !== null && speech.urgent !== '') expect(view.kind).toBe('failed');
          said = speech.said;
        }
      }),
    );
  });

  it('says a quarter once, even where bytes are taken back', () => {
    const total = 308_005_520;
    let said: Said | null = null;
    const heard: string[] = [];
    for (const fraction of [0, 0.24, 0.25, 0.3, 0.2, 0.26, 0.9, 1]) {
      const speech = announce(said, describeView(makeModel(downloading(total * fraction)), wording));
      said = speech.said;
      if (speech.polite !== null) heard.push(speech.polite);
    }
    expect(heard).toEqual(['25% downloaded', '75% downloaded']);
  });
});
