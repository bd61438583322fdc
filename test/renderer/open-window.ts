import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import type { WindowBridge, WindowModel, WindowRequest } from '../../src/electron/window-contract.ts';

const CHROMIUM = process.env['NEXY_CHROMIUM'] ?? '/usr/bin/chromium';
const REPOSITORY = join(import.meta.dirname, '..', '..');

export const HAS_CHROMIUM = existsSync(CHROMIUM);
if (!HAS_CHROMIUM) console.warn(`The update window is not tried, since there is no ${CHROMIUM} here.`);

/** What the page knows of its test. */
declare global {
  interface Window {
    readonly scripted: {
      show(model: unknown): void;
      readonly requests: WindowRequest[];
      /** Whether the main process takes requests. */
      takes: boolean;
      /** Every text that a live region had, in order. */
      readonly spoken: { readonly role: string; readonly text: string }[];
    };
    readonly axe: typeof import('axe-core');
  }
}

/** Stands for the preload script: what it shows is what the test says, what it is asked for is kept. */
function scriptBridge(): void {
  const listeners = new Set<(model: WindowModel) => void>();
  let now: WindowModel | undefined;
  const scripted: Window['scripted'] = {
    requests: [],
    spoken: [],
    takes: true,
    show: (model) => {
      now = model as WindowModel;
      for (const listener of listeners) listener(now);
    },
  };
  const nexyUpdates: WindowBridge = {
    onModel: (listener) => {
      listeners.add(listener);
      if (now !== undefined) listener(now);
      return () => listeners.delete(listener);
    },
    request: async (request) => {
      scripted.requests.push(structuredClone(request));
      if (!scripted.takes) throw new Error('The main process did not take it.');
    },
  };
  Object.assign(window, { scripted, nexyUpdates });
  new MutationObserver((mutations) => {
    const regions = new Set(
      mutations.flatMap(({ target }) => {
        const element = target instanceof Element ? target : target.parentElement;
        return element?.closest('[role=status], [role=alert]') ?? [];
      }),
    );
    for (const region of regions) {
      const text = region.textContent;
      if (text !== '') scripted.spoken.push({ role: region.getAttribute('role') ?? '', text });
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

export interface WindowOptions extends BrowserContextOptions {
  readonly model?: WindowModel;
}

export interface Windows {
  readonly browser: () => Browser;
  /** Opens the built window in a context of its own. Nothing may be loaded but its own files, and nothing may fail. */
  readonly open: (options?: WindowOptions) => Promise<OpenWindow>;
}

export interface OpenWindow {
  readonly page: Page;
  readonly show: (model: unknown) => Promise<void>;
  /** Until the window takes what is pressed. */
  readonly settle: () => Promise<void>;
  readonly requests: () => Promise<readonly WindowRequest[]>;
  readonly spoken: () => Promise<readonly { readonly role: string; readonly text: string }[]>;
  /** Errors and violations of the policy that the console told, and addresses that were asked for. */
  readonly troubles: readonly string[];
}

/**
 * The window as it ships, and one browser for all tests of a file.
 *
 * @param switches further ones of Chromium's
 */
export function useWindows(switches: readonly string[] = []): Windows {
  let folder = '';
  let browser: Browser | null = null;
  let axe = '';
  beforeAll(async () => {
    if (!HAS_CHROMIUM) return;
    folder = await mkdtemp(join(await realpath(tmpdir()), 'nexy-window-'));
    await promisify(execFile)(process.execPath, [
      join(REPOSITORY, 'scripts', 'build-renderer.ts'),
      '--output',
      folder,
    ]);
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    browser = await launchChromium(switches);
  });
  afterAll(async () => {
    await browser?.close();
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });
  const running = (): Browser => {
    if (browser === null) throw new Error('The browser is started before the first test.');
    return browser;
  };
  const open = async ({ model, ...context }: WindowOptions = {}): Promise<OpenWindow> => {
    const page = await running().newPage({ viewport: { width: 560, height: 520 }, ...context });
    const troubles: string[] = [];
    const own = pathToFileURL(folder).href;
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${own}/`)) troubles.push(request.url());
    });
    await page.addInitScript({ content: axe });
    await page.addInitScript(scriptBridge);
    await page.goto(`${own}/index.html`);
    const show = async (shown: unknown): Promise<void> => {
      await page.evaluate((given) => window.scripted.show(given), shown);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
    };
    if (model !== undefined) {
      await show(model);
      await page.waitForSelector('h1');
    }
    return {
      page,
      show,
      settle: async () => {
        await page.waitForSelector('main[data-settled=true]');
      },
      requests: () => page.evaluate(() => window.scripted.requests),
      spoken: () => page.evaluate(() => window.scripted.spoken),
      troubles,
    };
  };
  return { browser: running, open };
}

export function launchChromium(switches: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...switches,
    ],
  });
}
