import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import type { LabReport } from '../../../../src/lab/report/lab-report.ts';
import { writeReport } from '../../../../src/lab/report/write-report.ts';
import { HAS_CHROMIUM, launchChromium } from '../../../renderer/open-window.ts';

export interface OpenReport {
  readonly page: Page;
  /** Errors and violations of the policy that the console told, and addresses that were asked for. */
  readonly troubles: readonly string[];
}

export interface Reports {
  /** Opens a report from disk, as people do, in a context of its own. */
  readonly open: (report: LabReport, context?: BrowserContextOptions) => Promise<OpenReport>;
}

/** One browser for all tests of a file. */
export function useReports(): Reports {
  let folder = '';
  let browser: Browser | null = null;
  let axe = '';
  let count = 0;
  beforeAll(async () => {
    if (!HAS_CHROMIUM) return;
    folder = await mkdtemp(join(await realpath(tmpdir()), 'nexy-report-'));
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });
  return {
    open: async (report, context = {}) => {
      if (browser === null) throw new Error('The browser is started before the first test.');
      const path = join(folder, `report-${count++}.html`);
      await writeFile(path, await writeReport(report));
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...context });
      const troubles: string[] = [];
      const address = pathToFileURL(path).href;
      page.on('pageerror', (error) => troubles.push(error.message));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
      });
      page.on('request', (request) => {
        if (request.url() !== address) troubles.push(request.url());
      });
      await page.addInitScript({ content: axe });
      await page.goto(address);
      await page.waitForSelector('h1');
      return { page, troubles };
    },
  };
}
