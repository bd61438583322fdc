import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { UpdateView, WindowRequest } from '../../src/electron/window-contract.ts';
import { HAS_CHROMIUM, type OpenWindow, useWindows } from './open-window.ts';
import { downloading, makeModel, OFFER, QA, VIEWS } from './sample-models.ts';

function viewOf(name: string): UpdateView {
  const view = VIEWS[name];
  if (view === undefined) throw new Error(`There is no state "${name}".`);
  return view;
}

/** What has the keyboard, as a screen reader would call it. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return 'nothing';
    const isField = element instanceof HTMLSelectElement || element instanceof HTMLInputElement;
    const labelled = document.getElementById(element.getAttribute('aria-labelledby') ?? '');
    const label = isField ? element.labels?.[0]?.textContent : labelled?.textContent;
    return element.getAttribute('aria-label') ?? label ?? element.textContent.trim();
  });
}

/** Presses Tab until the walk is back at the beginning. */
async function walk(page: Page): Promise<readonly string[]> {
  const stops: string[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (stop === 'nothing' || stop === stops[0]) return stops;
    stops.push(stop);
    const outline = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
      return outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth);
    });
    expect(outline, `the focus ring of "${stop}"`).toBeGreaterThanOrEqual(2);
  }
}

describe.skipIf(!HAS_CHROMIUM)('the update window by keyboard', () => {
  const windows = useWindows();
  const use = async (view: UpdateView, run: (opened: OpenWindow) => Promise<void>): Promise<void> => {
    const opened = await windows.open({ model: makeModel(view), reducedMotion: 'reduce' });
    await opened.settle();
    await run(opened);
    expect(opened.troubles).toEqual([]);
    await opened.page.close();
  };

  it('begins at the heading, so that it is read out, and goes from top to bottom with a ring around each stop', () =>
    use(viewOf('available'), async ({ page }) => {
      expect(await focused(page)).toBe('Nexy 2.0.0.46 is available');
      expect(await walk(page)).toEqual([
        'All changes',
        'Table',
        'Update channel',
        'Skip This Version, 2.0.0.46',
        'Later: close this window',
        'Download Update to Nexy 2.0.0.46',
      ]);
    }));

  it('has Details among the stops of a failure, which Return opens', () =>
    use(viewOf('failed-damaged'), async ({ page, requests }) => {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe('Details');
      await page.keyboard.press('Enter');
      expect(await page.getByText("The updater's own words").isVisible()).toBe(true);
      expect(await requests()).toEqual([]);
    }));

  const DEFAULTS: readonly (readonly [state: string, request: WindowRequest['kind'] | null])[] = [
    ['idle', 'check'],
    ['checking', null],
    ['up-to-date', 'close'],
    ['available', 'download'],
    ['downloading', null],
    ['verifying', null],
    ['ready', 'restart'],
    ['ready-password', 'restart'],
    ['installing', null],
    ['failed-download-failed', 'check'],
    ['failed-bad-offer', 'close'],
    ['failed-translocated', 'move-to-applications'],
    ['failed-app-management-denied', 'open-app-management'],
    ['held-rollout', 'check'],
    ['held-os-too-old', 'close'],
    ['held-read-only-volume', 'move-to-applications'],
    ['managed', 'close'],
    ['installed', 'close'],
    ['rolled-back-failed-starts', 'close'],
  ];

  it('does the default button on Return, and closes on Escape, in every state', async () => {
    const { page, show, settle, requests, troubles } = await windows.open();
    const expected: WindowRequest['kind'][] = [];
    for (const [state, request] of DEFAULTS) {
      await show(makeModel(viewOf(state)));
      await settle();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Escape');
      expected.push(...(request === null ? [] : [request]), 'close');
      expect(
        (await requests()).map(({ kind }) => kind),
        state,
      ).toEqual(expected);
    }
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('does nothing on Return with a modifier, or on a button that means something else', () =>
    use(viewOf('available'), async ({ page, requests }) => {
      await page.keyboard.press('Shift+Enter');
      await page.keyboard.press('Meta+Enter');
      expect(await requests()).toEqual([]);
      await page.getByRole('button', { name: 'Later' }).focus();
      await page.keyboard.press('Enter');
      expect(await requests()).toEqual([{ kind: 'close' }]);
    }));

  it('takes nothing that was pressed while the state changed', () =>
    use(viewOf('verifying'), async ({ page, show, settle, requests }) => {
      const ready = makeModel(viewOf('ready'));
      // All in one go, as it is when somebody is just pressing a key.
      await page.evaluate(async (model) => {
        window.scripted.show(model);
        for (let turn = 0; turn < 10; turn++) await null;
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
        document.querySelector<HTMLElement>('[data-action=restart]')?.click();
      }, ready);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('is ready to install');
      expect(await requests()).toEqual([]);
      await show(ready);
      await settle();
      await page.keyboard.press('Enter');
      expect(await requests()).toEqual([{ kind: 'restart' }]);
    }));

  it('goes through a whole update by keyboard, with the focus always where it goes on', () =>
    use(viewOf('available'), async ({ page, show, settle, requests }) => {
      const next = async (view: UpdateView): Promise<string> => {
        await show(makeModel(view));
        await settle();
        return focused(page);
      };
      await page.getByRole('button', { name: 'Download Update' }).focus();
      await page.keyboard.press('Enter');
      expect(await next(viewOf('downloading-start'))).toBe('Pause Download');
      expect(await next(downloading(50_000_000))).toBe('Pause Download');
      await page.keyboard.press('Space');
      expect(await next(downloading(50_000_000, true))).toBe('Resume Download');
      await page.keyboard.press('Space');
      expect(await next(downloading(60_000_000))).toBe('Pause Download');
      expect(await next(viewOf('verifying'))).toBe('Cancel Update');
      expect(await next(viewOf('ready'))).toBe('Restart Now and install Nexy 2.0.0.46');
      await page.keyboard.press('Enter');
      expect(await next(viewOf('installing'))).toBe('Installing Nexy 2.0.0.46');
      const kinds = (await requests()).map(({ kind }) => kind);
      expect(kinds).toEqual(['download', 'pause', 'resume', 'restart']);
    }));

  it('leaves a reader where they are, in the same words at the same height', () =>
    use(viewOf('available'), async ({ page, show, settle }) => {
      await page.setViewportSize({ width: 400, height: 360 });
      await page.getByRole('group', { name: 'Table' }).focus();
      await page.evaluate(() => {
        document.querySelector('table')?.setAttribute('data-seen', 'yes');
      });
      const height = (): Promise<number | undefined> =>
        page.evaluate(() => document.querySelector('table')?.getBoundingClientRect().top);
      expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(0);
      const before = await height();
      for (const state of ['downloading-start', 'downloading', 'downloading-paused', 'verifying', 'ready']) {
        await show(makeModel(viewOf(state)));
        await settle();
        expect(await focused(page), state).toBe('Table');
        expect(await page.locator('table[data-seen]').count(), state).toBe(1);
        expect(await height(), state).toBeCloseTo(before ?? 0, 0);
      }
      // The notes are gone: the heading says why.
      await show(makeModel(viewOf('failed-swap-failed')));
      expect(await focused(page)).toBe('The update could not be installed');
    }));

  it('never takes the focus where nothing had it', () =>
    use(viewOf('checking'), async ({ page, show }) => {
      await page.evaluate(() => {
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      });
      for (const state of ['available', 'downloading', 'verifying', 'ready', 'failed-damaged']) {
        await show(makeModel(viewOf(state)));
        expect(await focused(page), state).toBe('nothing');
      }
    }));

  it('walks through the QA panel, says what is wrong beside the field, and sends what was filled in', async () => {
    const { page, requests, settle, troubles } = await windows.open({
      model: makeModel({ kind: 'up-to-date' }, { qa: QA, channel: 'beta' }),
    });
    await settle();
    expect((await walk(page)).slice(3)).toEqual([
      'Pass over the rollout',
      'Pass over a skipped version',
      'Channel',
      'Another manifest',
      'Pretend this version of the app',
      'Pretend this macOS',
      'Pretend this rollout bucket',
      'Check Like This',
      'Facts',
      '2 findings',
      '1 candidate',
      '2 requests in the last check',
      'Copy Everything as one report',
    ]);
    const type = async (label: string, text: string): Promise<void> => {
      await page.getByLabel(label).focus();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(text);
    };
    await page.getByLabel('Pass over the rollout').focus();
    await page.keyboard.press('Space');
    await type('Another manifest', 'manifest.json');
    await type('Pretend this version of the app', '2.0.0.44');
    await type('Pretend this macOS', 'Big Sur');
    await type('Pretend this rollout bucket', '10000');
    await page.keyboard.press('Enter');
    expect(await requests()).toEqual([]);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('qa-manifestUrl');
    expect(await page.getByLabel('Another manifest').getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator('.wrong').allTextContents()).toEqual([
      'This is not a web address.',
      'A version has one to four numbers with dots between them.',
      'A bucket is a whole number from 0 to 9999.',
    ]);
    await type('Another manifest', 'https://example.com/manifest.json');
    await type('Pretend this macOS', '11.0');
    await type('Pretend this rollout bucket', '9999');
    await page.keyboard.press('Enter');
    expect(await page.locator('.wrong').count()).toBe(0);
    expect(await requests()).toEqual([
      {
        kind: 'qa-check',
        request: {
          passesOver: { rollout: true, skip: false },
          channel: 'beta',
          manifestUrl: 'https://example.com/manifest.json',
          currentVersion: '2.0.0.44',
          osVersion: '11.0',
          bucket: 9999,
        },
      },
    ]);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('keeps what was typed for QA while models come in', async () => {
    const model = makeModel({ kind: 'checking' }, { qa: QA });
    const { page, show } = await windows.open({ model });
    await page.getByLabel('Pretend this macOS').focus();
    await page.keyboard.type('12');
    await show({ ...model, view: { kind: 'available', offer: OFFER } });
    await page.keyboard.type('.1');
    expect(await page.getByLabel('Pretend this macOS').inputValue()).toBe('12.1');
    await page.close();
  });
});
