import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { WindowModel } from '../../src/electron/window-contract.ts';
import type { OpenWindow } from './open-window.ts';
import { makeModel, QA, VIEWS } from './sample-models.ts';

/** Where pictures of every state go, for people to look at. */
const PICTURES = process.env['NEXY_WINDOW_PICTURES'];
export const LANGUAGES = ['en', 'ru'] as const;

const NOTHING_KNOWN = { decision: null, facts: [], findings: [], candidates: [], network: [], journal: [] };
const MODELS: Readonly<Record<string, WindowModel>> = {
  ...Object.fromEntries(Object.entries(VIEWS).map(([name, view]) => [name, makeModel(view)])),
  qa: makeModel({ kind: 'up-to-date' }, { qa: QA }),
  'qa-nothing-known': makeModel({ kind: 'idle' }, { qa: { ...QA, ...NOTHING_KNOWN }, lastCheckedAt: null }),
  'channel-managed': makeModel(
    { kind: 'up-to-date' },
    { channel: 'beta', managed: { updatesOff: false, channel: 'beta' } },
  ),
};

/**
 * Shows every state there is, one after the other.
 *
 * @param inspect finds what is wrong with what is shown
 * @returns what was found, by state
 */
export async function inspectEveryState(
  { page, show }: OpenWindow,
  language: string,
  folder: string,
  inspect: (page: Page) => Promise<readonly string[]>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {};
  for (const [name, model] of Object.entries(MODELS)) {
    await show({ ...model, languages: [language] });
    const wrong = await inspect(page);
    if (wrong.length > 0) found[name] = wrong;
    await takePicture(page, `${language} ${folder}`, name);
  }
  return found;
}

/** All of axe's rules, its best practices too. */
export function findViolations(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], preload: false });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
    );
  });
}

/** Whatever reaches beyond the window, and words that do not fit into what they are in. */
export function findCutOff(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    const sideways =
      root.scrollWidth > root.clientWidth ? [`${root.scrollWidth} of ${root.clientWidth} px`] : [];
    const elements = [...document.querySelectorAll<HTMLElement>('main *, aside *')];
    const cut = elements.filter((element) => {
      if (element.closest('.scroller, svg') !== null) return false;
      const { left, right } = element.getBoundingClientRect();
      const isOutside = left < 0 || right > root.clientWidth + 0.5;
      const { overflowX } = getComputedStyle(element);
      return isOutside || (overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1);
    });
    return [...sideways, ...cut.map(({ outerHTML }) => outerHTML.slice(0, 120))];
  });
}

export async function takePicture(page: Page, folder: string, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  const path = join(PICTURES, folder.replaceAll(/[^\w-]+/g, '-'), `${name}.png`);
  await mkdir(join(path, '..'), { recursive: true });
  await page.screenshot({ path, fullPage: name.startsWith('qa') });
}
