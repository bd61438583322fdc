import { describe, expect, it } from 'vitest';
import { findCutOff, findViolations, inspectEveryState, LANGUAGES } from './inspect-window.ts';
import { HAS_CHROMIUM, useWindows } from './open-window.ts';
import { makeModel, OFFER, QA } from './sample-models.ts';

describe.skipIf(!HAS_CHROMIUM)('the update window with text twice as large', () => {
  // As Electron's `defaultFontSize` does it.
  const windows = useWindows(['--blink-settings=defaultFontSize=32']);

  for (const width of [320, 560]) {
    it(`shows every state at ${width} px, without scrolling sideways or cutting anything off`, async () => {
      const opened = await windows.open({ viewport: { width, height: 480 }, reducedMotion: 'reduce' });
      for (const language of LANGUAGES) {
        expect(await inspectEveryState(opened, language, `large text ${width}`, findCutOff)).toEqual({});
      }
      await opened.show(makeModel({ kind: 'available', offer: OFFER }, { qa: QA }));
      expect(await findViolations(opened.page)).toEqual([]);
      const fontSize = await opened.page.$eval('h1', (heading) => getComputedStyle(heading).fontSize);
      expect(fontSize).toBe('34px');
      expect(opened.troubles).toEqual([]);
      await opened.page.close();
    }, 300_000);
  }
});
