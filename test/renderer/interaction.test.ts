import { describe, expect, it } from 'vitest';
import type { UpdateView, WindowRequest } from '../../src/electron/window-contract.ts';
import { HAS_CHROMIUM, useWindows } from './open-window.ts';
import { downloading, makeModel, OFFER, QA, VIEWS } from './sample-models.ts';

const windows = useWindows();

function viewOf(name: string): UpdateView {
  const view = VIEWS[name];
  if (view === undefined) throw new Error(`There is no state "${name}".`);
  return view;
}

describe.skipIf(!HAS_CHROMIUM)('what the update window says by itself', () => {
  it('says each change of state once, politely, and nothing of the first, which is read out anyway', async () => {
    const { show, spoken, page } = await windows.open({ model: makeModel({ kind: 'checking' }) });
    expect(await spoken()).toEqual([]);
    for (const state of [
      'up-to-date',
      'checking',
      'available',
      'verifying-opening',
      'verifying',
      'ready',
      'installing',
    ]) {
      await show(makeModel(viewOf(state)));
      // Nothing new: nothing is said.
      await show(makeModel(viewOf(state), { lastCheckedAt: null }));
    }
    expect(await spoken()).toEqual(
      [
        'Nexy is up to date',
        'Looking for updates…',
        'Nexy 2.0.0.46 is available. The download is 308 MB.',
        'Checking Nexy 2.0.0.46',
        'Nexy 2.0.0.46 is ready to install',
        'Installing Nexy 2.0.0.46',
      ].map((text) => ({ role: 'status', text })),
    );
    await page.close();
  });

  it('says how far a download is in quarters, and that it was paused and resumed', async () => {
    const { show, spoken, page } = await windows.open({ model: makeModel(viewOf('available')) });
    for (let percent = 0; percent <= 100; percent++) {
      await show(makeModel(downloading((308_005_520 * percent) / 100)));
      if (percent === 60) {
        await show(makeModel(downloading(184_803_312, true)));
        await show(makeModel(downloading(184_803_312)));
      }
    }
    expect((await spoken()).map(({ text }) => text)).toEqual([
      'Downloading Nexy 2.0.0.46',
      '25% downloaded',
      '50% downloaded',
      'The download of Nexy 2.0.0.46 is paused',
      'Downloading Nexy 2.0.0.46',
      '75% downloaded',
    ]);
    await page.close();
  });

  it('interrupts for a failure alone, which is gone with its state', async () => {
    const { show, spoken, page } = await windows.open({ model: makeModel(downloading(1)) });
    await show(makeModel(viewOf('failed-disk-full')));
    expect(await spoken()).toEqual([
      {
        role: 'alert',
        text: 'There is not enough free space. The update needs more space than is left on your disk. Nothing on your Mac was changed. Empty the Trash or delete what you do not need. Then try again.',
      },
    ]);
    await show(makeModel({ kind: 'checking' }));
    expect(await page.getByRole('alert').textContent()).toBe('');
    expect(await page.getByRole('status').textContent()).toBe('Looking for updates…');
    await page.close();
  });

  it('says the same failure again where it comes again', async () => {
    const { show, spoken, page } = await windows.open({ model: makeModel({ kind: 'checking' }) });
    const fail = (at: string): UpdateView => ({
      kind: 'failed',
      failure: { code: 'manifest-unreachable', message: '', version: null, at },
    });
    await show(makeModel(fail('2026-11-24T09:30:00Z')));
    await show(makeModel({ kind: 'checking' }));
    await show(makeModel(fail('2026-11-24T09:31:00Z')));
    const alerts = (await spoken()).filter(({ role }) => role === 'alert');
    expect(alerts).toHaveLength(2);
    await page.close();
  });

  it('has a progress bar with words for its value, in the language of the window', async () => {
    const { show, page } = await windows.open({
      model: makeModel(downloading(123_000_000), { languages: ['ru'] }),
    });
    const bar = page.getByRole('progressbar', { name: 'Загрузка' });
    const spoken = await bar.getAttribute('aria-valuetext');
    expect(spoken?.replaceAll(/\s/g, ' ')).toBe('39 %, 123 МБ из 308 МБ');
    expect(await bar.getAttribute('value')).toMatch(/^0\.399/);
    await show(makeModel(viewOf('downloading-start'), { languages: ['ru'] }));
    expect(await bar.getAttribute('value')).toBe(null);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('ru');
    await page.close();
  });

  it('has landmarks and headings without gaps', async () => {
    const { page } = await windows.open({ model: makeModel(viewOf('available'), { qa: QA }) });
    expect(await page.getByRole('main').count()).toBe(1);
    expect(await page.getByRole('complementary', { name: 'QA' }).count()).toBe(1);
    expect(await page.getByRole('region', { name: 'What’s new in 2.0.0.46' }).count()).toBe(1);
    const headings = await page
      .getByRole('heading')
      .evaluateAll((all) => all.map(({ tagName, textContent }) => `${tagName} ${textContent}`));
    expect(headings.slice(0, 6)).toEqual([
      'H1 Nexy 2.0.0.46 is available',
      'H2 What’s new in 2.0.0.46',
      'H3 Nexy 2.0.0.46',
      'H4 New',
      'H5 Fixed',
      'H2 QA',
    ]);
    await page.close();
  });
});

describe.skipIf(!HAS_CHROMIUM)('what the update window asks for', () => {
  const BUTTONS: Readonly<Record<string, Readonly<Record<string, WindowRequest['kind']>>>> = {
    idle: { 'Close this window': 'close', 'Check for Updates': 'check' },
    checking: { 'Close this window': 'close' },
    'up-to-date': { 'Check Again': 'check', 'Close this window': 'close' },
    available: {
      'Skip This Version, 2.0.0.46': 'skip',
      'Later: close this window': 'close',
      'Download Update to Nexy 2.0.0.46': 'download',
    },
    // What is important is not to be skipped.
    'available-critical': {
      'Later: close this window': 'close',
      'Download Update to Nexy 2.0.0.46': 'download',
    },
    downloading: { 'Cancel Update': 'cancel', 'Pause Download': 'pause' },
    'downloading-paused': { 'Cancel Update': 'cancel', 'Resume Download': 'resume' },
    verifying: { 'Cancel Update': 'cancel' },
    ready: {
      'On Quit: install 2.0.0.46 when Nexy quits': 'install-on-quit',
      'Restart Now and install Nexy 2.0.0.46': 'restart',
    },
    // Never on quit where a password is needed.
    'ready-password': {
      'Later: close this window': 'close',
      'Enter Password… and install Nexy 2.0.0.46': 'restart',
    },
    installing: {},
    'failed-download-failed': {
      'Copy Report about this problem': 'copy-report',
      'Close this window': 'close',
      'Try Again': 'check',
    },
    'failed-bad-offer': {
      'Copy Report about this problem': 'copy-report',
      'Check Again': 'check',
      'Close this window': 'close',
    },
    'failed-translocated': {
      'Copy Report about this problem': 'copy-report',
      'Close this window': 'close',
      'Move to Applications folder and reopen Nexy': 'move-to-applications',
    },
    'failed-app-management-denied': {
      'Copy Report about this problem': 'copy-report',
      'Try Again': 'check',
      'Open System Settings at App Management': 'open-app-management',
    },
    'held-rollout': { 'Close this window': 'close', 'Check Now': 'check' },
    'held-read-only-volume': {
      'Close this window': 'close',
      'Move to Applications folder and reopen Nexy': 'move-to-applications',
    },
    managed: { 'Close this window': 'close' },
    installed: { Done: 'close' },
    'rolled-back-failed-starts': {
      'Copy Report about this problem': 'copy-report',
      'Check for Updates': 'check',
      'Close this window': 'close',
    },
  };

  it('has the buttons of each state, with whole names, and each asks for what it says', async () => {
    const { page, show, settle, requests, troubles } = await windows.open();
    for (const [state, buttons] of Object.entries(BUTTONS)) {
      await show(makeModel(viewOf(state)));
      await settle();
      const names = await page
        .getByRole('button')
        .evaluateAll((all) => all.map((button) => button.ariaLabel ?? button.textContent));
      expect(names, state).toEqual(Object.keys(buttons));
      const before = (await requests()).length;
      for (const name of names) await page.getByRole('button', { name, exact: true }).click();
      const asked = (await requests()).slice(before);
      expect(asked, state).toEqual(Object.values(buttons).map((kind) => ({ kind })));
    }
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('shows the QA panel to nobody but QA', async () => {
    const { page, show } = await windows.open({ model: makeModel({ kind: 'idle' }) });
    expect(await page.getByRole('complementary').count()).toBe(0);
    await show(makeModel({ kind: 'idle' }, { qa: QA }));
    expect(await page.getByRole('complementary').count()).toBe(1);
    await page.close();
  });

  it('says that a report was copied, or that nobody took a request', async () => {
    const { page, requests, settle, spoken } = await windows.open({
      model: makeModel(viewOf('failed-damaged')),
    });
    await settle();
    await page.getByRole('button', { name: 'Copy Report' }).click();
    await page.getByText('The report was copied.').first().waitFor();
    expect((await spoken()).at(-1)).toEqual({ role: 'status', text: 'The report was copied.' });
    await page.evaluate(() => {
      window.scripted.takes = false;
    });
    await page.getByRole('button', { name: 'Try Again' }).click();
    await page.getByText('That did not work. Please try again.').first().waitFor();
    expect((await spoken()).at(-1)).toEqual({ role: 'status', text: 'That did not work. Please try again.' });
    expect(await requests()).toEqual([{ kind: 'copy-report' }, { kind: 'check' }]);
    await page.close();
  });

  it('asks for another channel, and shows the one that holds until the model says otherwise', async () => {
    const { page, requests, show } = await windows.open({ model: makeModel({ kind: 'idle' }) });
    await page.evaluate(() => {
      window.scripted.takes = false;
    });
    const channel = page.getByLabel('Update channel');
    await channel.selectOption('beta');
    await page.getByText('That did not work.').first().waitFor();
    expect(await requests()).toEqual([{ kind: 'set-channel', channel: 'beta' }]);
    expect(await channel.inputValue()).toBe('stable');
    await show(makeModel({ kind: 'idle' }, { channel: 'beta' }));
    expect(await channel.inputValue()).toBe('beta');
    await show(makeModel({ kind: 'idle' }, { managed: { updatesOff: false, channel: 'stable' } }));
    expect(await channel.isDisabled()).toBe(true);
    await page.close();
  });

  it('hands links to the main process, and goes nowhere itself', async () => {
    const { page, requests, troubles } = await windows.open({
      model: makeModel({ kind: 'available', offer: OFFER }),
    });
    const before = page.url();
    const link = page.getByRole('link', { name: 'All changes' });
    const url = 'https://example.com/changes?from=45&to=46';
    expect(await link.getAttribute('title')).toBe(`Opens ${url} in your browser`);
    await link.click();
    await link.click({ modifiers: ['ControlOrMeta'] });
    await link.click({ modifiers: ['Shift'] });
    await link.click({ button: 'middle' });
    await link.focus();
    await page.keyboard.press('Enter');
    const opened = { kind: 'open-link', url };
    expect(await requests()).toEqual([opened, opened, opened, opened]);
    expect(page.url()).toBe(before);
    expect(page.context().pages()).toHaveLength(1);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('sends the QA report', async () => {
    const { page, requests } = await windows.open({ model: makeModel({ kind: 'idle' }, { qa: QA }) });
    await page.getByRole('button', { name: 'Copy Everything' }).click();
    expect(await requests()).toEqual([{ kind: 'copy-report' }]);
    await page.close();
  });
});
