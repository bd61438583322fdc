import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, type Outcome } from '../../../../src/lab/run/outcome.ts';
import { findCutOff, findViolations } from '../../../renderer/inspect-window.ts';
import { HAS_CHROMIUM } from '../../../renderer/open-window.ts';
import { makeLabReport } from '../../../support/make-lab-report.ts';
import { useReports } from './open-report.ts';

const REPORT = makeLabReport();
const BAD: ReadonlySet<Outcome> = new Set(['harmed', 'loops', 'stranded']);

const countOf = (outcomes: ReadonlySet<Outcome>): number =>
  REPORT.cells.filter(({ outcome }) => outcomes.has(outcome)).length;

/** What has the keyboard, as a screen reader would call it. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return 'nothing';
    const isField = element instanceof HTMLSelectElement || element instanceof HTMLInputElement;
    const labelled = document.getElementById(element.getAttribute('aria-labelledby') ?? '');
    const label = isField ? element.labels?.[0]?.textContent : labelled?.textContent;
    return (element.getAttribute('aria-label') ?? label ?? element.textContent ?? '').trim();
  });
}

async function openDetails(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Open all groups' }).click();
  await page.locator('td.harmed[data-row]').first().click();
  await page.getByRole('dialog').waitFor();
}

const shownCount = (page: Page): Promise<string | null> => page.locator('.count [role=status]').textContent();

describe.skipIf(!HAS_CHROMIUM)("the page of the lab's report", () => {
  const reports = useReports();

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 320]) {
      it(`has no violation of axe and nothing cut off (${colorScheme}, ${width} px)`, async () => {
        const viewport = { width, height: 800 };
        const { page, troubles } = await reports.open(REPORT, {
          colorScheme,
          viewport,
          reducedMotion: 'reduce',
        });
        expect(await findViolations(page)).toEqual([]);
        expect(await findCutOff(page)).toEqual([]);
        await openDetails(page);
        expect(await findViolations(page)).toEqual([]);
        expect(await findCutOff(page)).toEqual([]);
        expect(troubles).toEqual([]);
        await page.close();
      }, 120_000);
    }
  }

  for (const [name, context] of [
    ['forced colours', { forcedColors: 'active' }],
    ['more contrast', { contrast: 'more' }],
    ['200 %', { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }],
  ] as const) {
    it(`has no violation of axe with ${name}`, async () => {
      const { page } = await reports.open(REPORT, context);
      expect(await findViolations(page)).toEqual([]);
      expect(await findCutOff(page)).toEqual([]);
      await page.close();
    }, 120_000);
  }

  it('asks nobody for anything, and could not', async () => {
    const { page, troubles } = await reports.open(REPORT);
    expect(troubles).toEqual([]);
    const answer = await page.evaluate(() =>
      fetch('http://127.0.0.1:9/').then(
        () => 'fetched',
        (error: unknown) => String(error),
      ),
    );
    expect(answer).toContain('Failed to fetch');
    expect(troubles.join('\n')).toContain('Content Security Policy directive: "default-src \'none\'"');
    await page.close();
  });

  it('says first who is harmed, loops or is stranded; a number leads to its cells', async () => {
    const { page } = await reports.open(REPORT);
    const [lead, first, ...names] = await page
      .locator('main')
      .evaluate((main) => [
        main.querySelector('h2')?.textContent,
        ...[...main.querySelectorAll('table[aria-labelledby=summary-client] tbody th')].map(
          (cell) => cell.firstChild?.textContent,
        ),
      ]);
    expect(lead).toBe('Who is harmed, loops or is stranded, and where');
    expect(first).toBe('The old client with a key');
    expect(names.slice(-2)).toEqual(['Ours, macOS 15', 'Ours, macOS 12']);
    const harmed = REPORT.cells.filter(
      ({ client, outcome }) => client === 'old-with-key' && outcome === 'harmed',
    );
    await page
      .getByRole('button', { name: `${harmed.length} harmed: The old client with a key, show in the matrix` })
      .click();
    expect(await shownCount(page)).toContain(`${harmed.length} of ${REPORT.cells.length} runs, in `);
    expect(await focused(page)).toBe('Matrix');
    expect(await page.getByLabel('Client', { exact: true }).inputValue()).toBe('old-with-key');
    expect(await page.locator('.matrix thead th').allTextContents()).toEqual([
      'Offered, on host',
      'The old client with a key',
    ]);
    await page.close();
  });

  it('shows by each filter as many runs as the report has', async () => {
    const { page } = await reports.open(REPORT);
    const expectCount = async (count: number): Promise<void> => {
      const total = REPORT.cells.length;
      expect(await shownCount(page)).toMatch(
        count === 0
          ? `Nothing of ${total} runs is like that.`
          : new RegExp(`^${count} of ${total} runs, in `),
      );
    };
    await expectCount(countOf(BAD));
    await page.getByRole('button', { name: 'Show everything' }).click();
    await expectCount(REPORT.cells.length);

    for (const outcome of OUTCOMES) {
      const box = page.getByRole('checkbox', { name: new RegExp(`^.? ?${outcome}`, 'i') });
      await box.uncheck();
      await expectCount(countOf(new Set(OUTCOMES.filter((other) => other !== outcome))));
      await box.check();
    }
    for (const [label, value, matches] of [
      ['Client', 'sparkle-like', REPORT.cells.filter(({ client }) => client === 'sparkle-like')],
      ['Release host', 'bridged', REPORT.cells.filter(({ host }) => host === 'bridged')],
      ['Origin', 'real', REPORT.cells.filter(({ offer }) => offerOf(offer)?.origin === 'real')],
      [
        'Finding or drift shown',
        'bytes-reused',
        REPORT.cells.filter(({ offer }) => offerOf(offer)?.shows === 'bytes-reused'),
      ],
    ] as const) {
      await page.getByLabel(label, { exact: true }).selectOption(value);
      await expectCount(matches.length);
      await page.getByLabel(label, { exact: true }).selectOption('');
    }
    await page.getByLabel('What is offered').first().fill('second build');
    await expectCount(REPORT.cells.filter(({ offer }) => offerOf(offer)?.shows === 'version-reused').length);
    await page.getByLabel('What is offered').first().fill('something that nobody offers');
    await expectCount(0);
    expect(await page.locator('.matrix').count()).toBe(0);
    await page.close();
  }, 120_000);

  it('is walked by the keyboard alone: filter, grid, details, and back to the cell', async () => {
    const { page, troubles } = await reports.open(REPORT, { reducedMotion: 'reduce' });
    await page.getByLabel('Client', { exact: true }).focus();
    await page.keyboard.type('Built-in');
    const stops: string[] = [];
    for (let stop = ''; stop !== 'Open all groups'; stops.push(stop)) {
      await page.keyboard.press('Tab');
      stop = await focused(page);
    }
    expect(stops).toEqual([
      'Release host',
      'Origin',
      'Finding or drift shown',
      'Group by',
      expect.stringContaining('Harmed'),
      expect.stringContaining('Loops'),
      expect.stringContaining('Stranded'),
      expect.stringContaining('Stays'),
      expect.stringContaining('Promised'),
      'Only the worst',
      'Show everything',
      'Open all groups',
    ]);
    await page.keyboard.press('Tab');
    const group = await focused(page);
    expect(group).toMatch(/^▸/);
    const offer = REPORT.offers.find(({ title }) => group.includes(title))?.title ?? 'none';
    // One stop: the next one lies after the grid.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('[role=grid]'))).toBe(null);
    await page.keyboard.press('Shift+Tab');
    expect(await focused(page)).toBe(group);

    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-expanded'))).toBe('true');
    expect(await focused(page)).toBe(group.replace('▸', '▾'));
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toMatch(/^(Harmed|Loops|Stranded) \d of \d: Built-in address, /);
    expect(await focused(page)).toContain(offer);
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowDown');
    const cell = await focused(page);
    expect(cell).toMatch(/^(Harmed|Loops|Stranded): Built-in address, /);
    expect(cell).toContain(`, ${offer}, `);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await focused(page)).toContain('Built-in address');
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await focused(page)).toBe(cell);

    await page.keyboard.press('Control+End');
    expect(await focused(page)).toContain('Built-in address');
    await page.keyboard.press('Control+Home');
    expect(await focused(page)).toBe(group.replace('▸', '▾'));
    expect(await page.locator('.matrix [tabindex="0"]').count()).toBe(1);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('tells a screen reader the outcome, the column and the row of a cell', async () => {
    const { page } = await reports.open(REPORT);
    await page.getByRole('button', { name: 'Show everything' }).click();
    const before = await page.getByRole('gridcell').count();
    await page.getByRole('rowheader', { name: 'An honest release (0)' }).click();
    expect(await page.getByRole('gridcell').count()).toBe(
      before + REPORT.hosts.length * REPORT.clients.length,
    );
    const cell = page.getByRole('gridcell', {
      name: 'Promised: Built-in address, An honest release (0), Fixed tags only',
      exact: true,
    });
    expect(await cell.count()).toBe(1);
    expect((await cell.textContent())?.trim()).toBe('✓Promised');
    expect(await page.getByRole('columnheader').count()).toBeGreaterThanOrEqual(REPORT.clients.length);
    await page.close();
  });

  it('shows everything about a run, and how to run it again', async () => {
    const { page } = await reports.open(REPORT);
    const [cell] = REPORT.cells.filter(({ outcome }) => outcome === 'harmed');
    if (cell === undefined) throw new Error('The report has a harmed client.');
    await page.getByLabel('Client', { exact: true }).selectOption(cell.client);
    await page.getByLabel('Release host', { exact: true }).selectOption(cell.host);
    await page
      .getByLabel('What is offered')
      .first()
      .fill(offerOf(cell.offer)?.title ?? '');
    await page.getByRole('button', { name: 'Open all groups' }).click();
    await page.locator('td[data-row]').first().click();
    const dialog = page.getByRole('dialog');
    const text = await dialog.innerText();
    for (const part of [
      cell.why,
      offerOf(cell.offer)?.title,
      offerOf(cell.offer)?.description,
      cell.promised?.sha256,
      cell.installed.version,
      'needs macOS 13.0 or later',
      'No',
      '1, 14.3 kB',
      `nexy-updater lab --scenario ${cell.scenario} --client ${cell.client}`,
      ...cell.checks.map(({ message }) => message),
    ]) {
      expect(text).toContain(part);
    }
    expect(await dialog.getByRole('row').count()).toBe(1 + cell.checks.length);
    await dialog.getByRole('button', { name: 'Close' }).click();
    expect(await dialog.count()).toBe(0);
    await page.close();
  });

  it('draws a hundred rows at a time, and more when asked', async () => {
    const { page } = await reports.open(makeLabReport({ offers: 30 }));
    await page.getByRole('button', { name: 'Show everything' }).click();
    await page.getByRole('button', { name: 'Open all groups' }).click();
    const rows = page.locator('.matrix tbody tr');
    expect(await rows.count()).toBe(100);
    await page.getByRole('button', { name: 'Show 100 more of 200 rows left' }).click();
    await page.getByRole('button', { name: 'Show 100 more of 100 rows left' }).click();
    expect(await rows.count()).toBe(30 * (1 + REPORT.hosts.length));
    await page.close();
  });

  it('shows the history with its drifts, drawn and as a table, and each walk', async () => {
    const { page } = await reports.open(REPORT);
    const { history } = REPORT;
    const drifts = page.getByRole('list', { name: 'Drifts' }).getByRole('button');
    expect(await drifts.count()).toBe(history?.drifts.length);
    for (const [at, drift] of (history?.drifts ?? []).entries()) {
      if (at > 0) await drifts.nth(at).click();
      expect(await page.locator('.drift').innerText()).toContain(drift.message);
      expect(await page.locator('.point.chosen').count()).toBe(drift.files.length);
      expect(await page.locator('.link.chosen').count()).toBe(1);
    }
    expect(await page.getByRole('img').getAttribute('aria-label')).toContain('The table below has the same.');
    const table = page.getByRole('table', { name: 'The manifests, and what the doctor says' });
    expect(await table.getByRole('row').count()).toBe(1 + (history?.manifests.length ?? 0));
    const walks = page.getByRole('table', { name: 'What each client did at each step' });
    expect(await walks.getByRole('row').count()).toBe(2 + (history?.offered.length ?? 0));
    await walks.getByRole('button').first().click();
    expect(await page.getByRole('dialog').getByRole('columnheader').first().textContent()).toBe('Manifest');
    await page.close();
  });

  it('says first whether the plan is safe, then its steps, with commands to copy', async () => {
    const { page } = await reports.open(REPORT, { permissions: ['clipboard-read', 'clipboard-write'] });
    const { plan } = REPORT;
    const section = page.getByRole('region', { name: 'Plan of the migration' });
    expect(await section.locator('p').first().textContent()).toContain('✓ Safe');
    expect(await page.getByRole('navigation').getByRole('link').last().textContent()).toBe('Plan: ✓ safe');
    expect(await section.locator('.steps > li').count()).toBe(plan?.steps.length);
    const [step] = plan?.steps ?? [];
    await section.getByRole('button', { name: `Copy the command of: ${step?.title}` }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(step?.command);
    const proof = section.getByRole('table', { name: 'The proof: every client after each step' });
    expect(await proof.getByRole('row').count()).toBe(2 + (plan?.proof?.stages.length ?? 0));
    await page.close();
  });

  it('says first what could not be run, and what makes a plan unsafe', async () => {
    const { plan } = REPORT;
    if (plan === null || plan.proof === null) throw new Error('The report has a proof.');
    const problem = 'One client loops after the second step.';
    const proof = { ...plan.proof, isSafe: false, problems: [problem] };
    const failure = { scenario: 'some/scenario', client: 'ours-2.0.0.46-macos15', message: 'It is broken.' };
    const unsafe = { ...plan, facts: ['NOT SAFE: the wish is too low.', ...plan.facts], proof };
    const { page } = await reports.open({ ...REPORT, failures: [failure], plan: unsafe });
    expect(await page.locator('main h2').first().textContent()).toBe('1 run could not be done');
    expect(await page.getByRole('region', { name: 'could not be done' }).innerText()).toContain(
      failure.message,
    );
    expect(await page.getByRole('navigation').innerText()).toContain('Plan: ✕ not safe');
    expect(await page.locator('.verdict').innerText()).toContain(problem);
    expect(await findViolations(page)).toEqual([]);
    await page.close();
  });

  it('says what to run where there is no history and no plan', async () => {
    const { page } = await reports.open({ ...REPORT, history: null, plan: null });
    expect(await page.getByRole('region', { name: 'Timeline of the history' }).innerText()).toContain(
      'nexy-updater lab --manifests <folder>',
    );
    expect(await page.getByRole('region', { name: 'Plan of the migration' }).innerText()).toContain(
      'nexy-updater lab ',
    );
    expect(await findViolations(page)).toEqual([]);
    await page.close();
  });

  it('does with a plan alone', async () => {
    const alone = { ...REPORT, cells: [], offers: [], hosts: [], history: null };
    const { page, troubles } = await reports.open(alone);
    expect(await page.getByRole('region', { name: 'Matrix' }).innerText()).toContain(
      'nexy-updater lab --html',
    );
    expect(await page.locator('.steps > li').count()).toBe(REPORT.plan?.steps.length);
    expect(await page.getByText('0 runs').count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('keeps hostile text as text, everywhere', async () => {
    const hostileText = '</script><img src=x onerror="document.title=1">\u202e';
    const { page, troubles } = await reports.open(makeLabReport({ offers: 2, hostileText }));
    await openDetails(page);
    const shown = '</script><img src=x onerror="document.title=1">\\u202e';
    expect(await page.getByRole('dialog').innerText()).toContain(shown);
    expect(await page.locator('body').innerText()).toContain(shown);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('Nexy migration lab');
    expect(await page.locator('body').innerHTML()).not.toContain('\u202e');
    expect(troubles).toEqual([]);
    await page.close();
  });
});

function offerOf(name: string): (typeof REPORT.offers)[number] | undefined {
  return REPORT.offers.find((offer) => offer.name === name);
}
