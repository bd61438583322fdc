import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { versionOfBundle } from '../../src/bundle/bundle-version.ts';
import { ClientWorld, NO_CHECK } from '../electron/client-world.ts';
import { canMakeImages } from '../support/make-image.ts';
import {
  buildWindow,
  HAS_CHROMIUM,
  launchChromium,
  type ShownPage,
  showInChromium,
} from '../support/show-in-chromium.ts';
import { makeDmg, makeNexy } from '../support/update-world.ts';

const canRun = canMakeImages() && HAS_CHROMIUM;
const skipped = canRun ? '' : ' (skipped: xorriso or chromium is not installed)';

describe.skipIf(!canRun)(`the built window, wired to the real client${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-window-'));
  let image: string;
  let browser: Browser;
  let client: ClientWorld;

  beforeAll(async () => {
    await makeNexy(join(made, 'old'), '2.0.0.45');
    await makeNexy(join(made, 'new'), '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
    await buildWindow(made);
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(made, { recursive: true, force: true });
  });
  beforeEach(async () => {
    client = await ClientWorld.open(join(made, 'old', 'Nexy.app'));
    await client.start({ polling: NO_CHECK, overrides: { pageFolder: join(made, 'page') } });
  });
  afterEach(() => client.close());

  const show = (): Promise<ShownPage> =>
    showInChromium(browser, client.electron, client.window, join(made, 'preload.cjs'));
  /** A button that has just come takes no click, which was meant for the one before. */
  async function click({ page }: ShownPage, name: RegExp | string): Promise<void> {
    const button = page.locator('main[data-settled=true]').getByRole('button', { name });
    await button.click();
  }
  const installed = async () => versionOfBundle(await readBundle(client.world.app));

  it('leads from the click on Check for Updates to the new version', async () => {
    client.publish('2.0.0.46', image);
    client.updates?.check();
    await vi.waitFor(() => expect(client.electron.openWindows).toHaveLength(1));
    const shown = await show();
    const { page, troubles } = shown;
    await page.getByRole('button', { name: /^Restart Now/ }).waitFor();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('2.0.0.46');
    // Of LATEST_CHANGES.md, which came over the network and through the sanitiser.
    await page.getByRole('listitem').filter({ hasText: 'Faster.' }).waitFor();
    await click(shown, /^Restart Now/);
    await vi.waitFor(() => expect(client.electron.exits).toEqual([0]), { timeout: 20_000 });
    expect(await installed()).toBe('2.0.0.46');
    expect(troubles).toEqual([]);
  });

  it('says what failed, and tries again', async () => {
    client.updates?.check();
    await vi.waitFor(() => expect(client.electron.openWindows).toHaveLength(1));
    const shown = await show();
    const { page, troubles } = shown;
    const again = page.getByRole('button', { name: 'Try Again' });
    await again.waitFor();
    client.publish('2.0.0.46', image);
    await click(shown, 'Try Again');
    await page.getByRole('button', { name: /^Restart Now/ }).waitFor();
    await click(shown, /^On Quit/);
    await vi.waitFor(() => expect(client.electron.openWindows).toEqual([]));
    client.electron.app.quit();
    expect(await installed()).toBe('2.0.0.46');
    expect(troubles).toEqual([]);
  });

  it('pauses a download and resumes it', async () => {
    client.publish('2.0.0.46', image);
    client.world.host.fault({
      file: 'Nexy.dmg',
      times: 1,
      fault: { kind: 'stall', after: 5000 },
    });
    client.updates?.check();
    await vi.waitFor(() => expect(client.electron.openWindows).toHaveLength(1));
    const shown = await show();
    const { page } = shown;
    await page.getByRole('progressbar').first().waitFor();
    await click(shown, /^Pause/);
    await click(shown, /^Resume/);
    await page.getByRole('button', { name: /^Restart Now/ }).waitFor();
  });

  it("shows QA what a check would come to, in QA's panel alone", async () => {
    client.publish('2.0.0.46', image);
    client.updates?.openQa();
    await vi.waitFor(() => expect(client.electron.openWindows).toHaveLength(1));
    const shown = await show();
    const { page, troubles } = shown;
    await page.getByLabel('Pretend this macOS').fill('10.15');
    await page.getByRole('button', { name: 'Check Like This' }).click();
    await page.getByText('os-too-old').first().waitFor();
    expect(client.updates?.model.view.kind).toBe('idle');
    expect(client.world.host.log.some(({ path }) => path.includes('Nexy.dmg'))).toBe(false);
    expect(troubles).toEqual([]);
  });
});
