import { describe, expect, it } from 'vitest';
import { findCutOff, findViolations, inspectEveryState, LANGUAGES, takePicture } from './inspect-window.ts';
import { HAS_CHROMIUM, useWindows } from './open-window.ts';
import { makeModel, OFFER, QA, VIEWS } from './sample-models.ts';

describe.skipIf(!HAS_CHROMIUM)('the update window', () => {
  const windows = useWindows();

  for (const language of LANGUAGES) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`has no violation of axe in any state (${language}, ${colorScheme})`, async () => {
        const opened = await windows.open({ colorScheme, reducedMotion: 'reduce' });
        expect(await inspectEveryState(opened, language, colorScheme, findViolations)).toEqual({});
        expect(opened.troubles).toEqual([]);
        await opened.page.close();
      }, 300_000);
    }
  }

  for (const [size, context] of [
    ['at 320 px', { viewport: { width: 320, height: 480 } }],
    // Zooming makes the page's pixels larger, and the window smaller by as much.
    ['zoomed to 200 %', { viewport: { width: 320, height: 260 }, deviceScaleFactor: 2 }],
    ['at 1600 px', { viewport: { width: 1600, height: 900 } }],
  ] as const) {
    it(`shows every state ${size}, without scrolling sideways or cutting anything off`, async () => {
      const opened = await windows.open({ ...context, reducedMotion: 'reduce' });
      for (const language of LANGUAGES) {
        expect(await inspectEveryState(opened, language, size, findCutOff)).toEqual({});
      }
      await opened.show(makeModel({ kind: 'available', offer: OFFER }, { qa: QA }));
      expect(await findViolations(opened.page)).toEqual([]);
      expect(opened.troubles).toEqual([]);
      await opened.page.close();
    }, 300_000);
  }

  for (const [name, context] of [
    ['more contrast', { contrast: 'more' }],
    ['more contrast, dark', { contrast: 'more', colorScheme: 'dark' }],
    ['forced colours', { forcedColors: 'active' }],
  ] as const) {
    it(`has no violation of axe with ${name}`, async () => {
      const { page, show, troubles } = await windows.open({ ...context, reducedMotion: 'reduce' });
      for (const state of ['available-critical', 'downloading', 'verifying', 'failed-unknown', 'ready']) {
        await show(makeModel(VIEWS[state] ?? { kind: 'idle' }));
        expect(await findViolations(page)).toEqual([]);
        await takePicture(page, name, state);
      }
      expect(troubles).toEqual([]);
      await page.close();
    });
  }

  it('says so where it gets what is no model, in the languages of the browser', async () => {
    const { page, show, spoken, troubles } = await windows.open({
      locale: 'ru',
      model: makeModel({ kind: 'checking' }),
    });
    await show({ ...makeModel({ kind: 'idle' }), view: { kind: 'of-tomorrow' } });
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
      'Не удаётся показать обновление',
    );
    expect(await findViolations(page)).toEqual([]);
    expect((await spoken()).at(-1)).toMatchObject({ role: 'alert' });
    expect(troubles).toEqual([
      expect.stringContaining('A window model is not of the contract at "view.kind"'),
    ]);
    await takePicture(page, 'trouble', 'trouble');
    await page.close();
  });

  it('stands still where less motion is asked for, and moves otherwise', async () => {
    const animation = async (reducedMotion: 'reduce' | 'no-preference'): Promise<string> => {
      const { page } = await windows.open({ reducedMotion, model: makeModel({ kind: 'checking' }) });
      const name = await page.$eval('progress', (bar) => getComputedStyle(bar).animationName);
      await page.close();
      return name;
    };
    expect(await animation('reduce')).toBe('none');
    expect(await animation('no-preference')).toBe('going-on');
  });

  it('has no inline script or style, and its policy allows none', async () => {
    const { page, troubles } = await windows.open({ model: makeModel({ kind: 'idle' }) });
    expect(await page.title()).toBe('Nexy Update');
    expect(await page.locator('script:not([src]), style, [style]').count()).toBe(0);
    const policy = await page.locator('meta[http-equiv=Content-Security-Policy]').getAttribute('content');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(troubles).toEqual([]);
    const refusals = await page.evaluate(() => {
      const tries = [
        () => {
          document.createElement('script').textContent = 'document.title = "ran"';
        },
        () => {
          document.createElement('div').innerHTML = '<img src=x onerror="document.title = 1">';
        },
      ];
      return tries.map((attempt) => {
        try {
          attempt();
          return 'done';
        } catch (error) {
          return error instanceof Error ? error.name : 'thrown';
        }
      });
    });
    expect(refusals).toEqual(['TypeError', 'TypeError']);
    await page.close();
  });
});
