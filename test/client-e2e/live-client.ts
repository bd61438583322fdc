import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import type { StartUpdatesOptions } from '../../src/electron/settings.ts';
import type { Texts } from '../../src/texts/english.ts';
import type { Language } from '../../src/texts/language.ts';
import { TEXTS } from '../../src/texts/texts.ts';
import { ClientWorld, NO_CHECK } from '../electron/client-world.ts';
import { findViolations, takePicture } from '../renderer/inspect-window.ts';
import { HAS_CHROMIUM, launchChromium } from '../renderer/open-window.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { canMakeImages } from '../support/make-image.ts';
import { eventually } from './eventually.ts';
import { type LiveWindow, scriptsBefore, showLive } from './live-window.ts';

export const CAN_RUN = HAS_CHROMIUM && canMakeImages();
/** Shown in the name of a group of tests, so that a skipped one says why. */
export const SKIPPED = CAN_RUN ? '' : ' (skipped: xorriso or chromium is not installed)';

/** How a person presses a button. */
export type Hand = 'mouse' | 'keyboard';

const run = promisify(execFile);

/** Built as it ships, once for a file of tests, with one browser. */
export function useLiveClients(): {
  /** Goes when the test ends. */
  readonly open: (app: string, options?: LiveOptions) => Promise<LiveClient>;
} {
  let folder = '';
  let browser: Browser | null = null;
  let scripts: readonly string[] = [];
  beforeAll(async () => {
    if (!CAN_RUN) return;
    folder = mkdtempSync(join(tmpdir(), 'nexy-live-'));
    const build = (script: string, output: string) =>
      run(process.execPath, [join(REPOSITORY, 'scripts', script), '--output', join(folder, output)]);
    await Promise.all([build('build-renderer.ts', 'page'), build('build-preload.ts', 'preload.cjs')]);
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
    scripts = scriptsBefore(join(folder, 'preload.cjs'), readFileSync(axe, 'utf8'));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });
  return {
    open: async (app, options = {}) => {
      if (browser === null) throw new Error('The browser is started before the first test.');
      const context = await browser.newContext({
        viewport: { width: 560, height: 520 },
        reducedMotion: 'reduce',
      });
      context.setDefaultTimeout(90_000);
      const client = await ClientWorld.open(app);
      const stage = { context, scripts, pageFolder: join(folder, 'page') };
      const live = new LiveClient(client, stage, options);
      onTestFinished(() => live.close());
      return live;
    },
  };
}

export interface LiveOptions {
  readonly language?: Language;
  readonly hand?: Hand;
  /** Folder of the pictures. */
  readonly name?: string;
}

interface Stage {
  readonly context: BrowserContext;
  readonly scripts: readonly string[];
  readonly pageFolder: string;
}

/** An app with the client, its window on a real page, and a person in front of it. */
export class LiveClient {
  readonly client: ClientWorld;
  readonly #stage: Stage;
  readonly #hand: Hand;
  readonly #name: string;
  #language: Language;
  #window: LiveWindow | null = null;
  readonly #windows: LiveWindow[] = [];
  #before: readonly string[] = [];
  #beside: readonly string[] = [];

  constructor(
    client: ClientWorld,
    stage: Stage,
    { language = 'en', hand = 'mouse', name = 'walk' }: LiveOptions,
  ) {
    this.client = client;
    this.#stage = stage;
    this.#hand = hand;
    this.#name = name;
    this.#language = language;
    this.remember();
    client.languages = [TAGS[language]];
    client.electron.languages = [TAGS[language]];
  }

  async close(): Promise<void> {
    await this.#stage.context.close();
    await this.client.close();
    expect(this.#windows.flatMap(({ troubles }) => troubles)).toEqual([]);
  }

  /** Of the person's language. */
  get texts(): Texts {
    return TEXTS[this.#language];
  }

  get page(): Page {
    if (this.#window === null) throw new Error('No window is shown.');
    return this.#window.page;
  }

  async start(more: Partial<StartUpdatesOptions> = {}): Promise<void> {
    await this.client.start(this.#options(more));
  }

  /** The next start of the app. */
  async restart(more: Partial<StartUpdatesOptions> = {}): Promise<void> {
    await this.client.restart(this.#options(more));
  }

  #options({ overrides, ...rest }: Partial<StartUpdatesOptions>): Partial<StartUpdatesOptions> {
    return { polling: NO_CHECK, ...rest, overrides: { pageFolder: this.#stage.pageFolder, ...overrides } };
  }

  /** Gives the window that the client opens its page. */
  async show(): Promise<void> {
    this.#window = await showLive(this.#stage.context, this.client, this.#stage.scripts);
    this.#windows.push(this.#window);
  }

  /** *Check for Updates…* of the menu. */
  async check(): Promise<void> {
    this.client.updates?.check();
    await this.show();
  }

  /** Waits until the window shows this title. */
  async shows(title: string): Promise<void> {
    const heading = this.page.locator('h1');
    await eventually(async () => expect(await heading.textContent({ timeout: 1000 })).toBe(title));
  }

  /** Presses a button, once it has been there long enough to be seen. */
  async press(name: string): Promise<void> {
    await this.page.waitForSelector('main[data-settled=true]');
    const button = this.page.getByRole('button', { name, exact: true });
    if (this.#hand === 'mouse') await button.click();
    else {
      await this.#walkTo(button);
      const { page } = this;
      // The window may be gone before the key is up again.
      await page.keyboard.press('Enter').catch((error: unknown) => {
        if (!page.isClosed()) throw error;
      });
    }
  }

  /** Puts a text into a field. */
  async fill(label: string, text: string): Promise<void> {
    const field = this.page.getByLabel(label, { exact: true });
    if (this.#hand === 'mouse') {
      await field.fill(text);
      return;
    }
    await this.#walkTo(field);
    // A field that Tab comes to has its text selected.
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.type(text);
  }

  /** With Tab alone, from wherever the keyboard is. */
  async #walkTo(target: Locator): Promise<void> {
    await target.waitFor();
    const stops = await this.page.locator('a, button, summary, select, input, [tabindex]').count();
    for (let presses = 0; presses <= stops + 1; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`The keyboard never reached ${target}.`);
  }

  /** Looks at what is shown, in the light and in the dark. */
  async inspect(name: string, schemes: readonly ('light' | 'dark')[] = ['light', 'dark']): Promise<void> {
    for (const colorScheme of schemes) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await findViolations(this.page), `${name}, ${colorScheme}`).toEqual([]);
      await takePicture(this.page, `live ${this.#name} ${this.#language} ${colorScheme}`, name);
    }
    expect(await this.page.locator('html').getAttribute('lang')).toBe(this.#language);
  }

  /** The sentences below the title. */
  paragraphs(): Promise<readonly string[]> {
    return this.page.locator('.words > p:not(.badge)').allTextContents();
  }

  /** Every title that the window has had, in order. */
  headings(): Promise<readonly string[]> {
    return this.page.evaluate(() => window.headings);
  }

  /** The same window for a person with another language. */
  async speak(language: Language): Promise<void> {
    this.#language = language;
    this.client.electron.languages = [TAGS[language]];
    await this.page.reload();
    await this.page.waitForSelector('h1');
  }

  /** What `expectUntouched` compares with: as it was when the window was made, unless this is called later. */
  remember(): void {
    const { world } = this.client;
    this.#before = world.installedTree();
    this.#beside = world.beside();
  }

  /** The app is as it was, nothing new lies beside it, nothing is attached. */
  expectUntouched(): void {
    const { world } = this.client;
    expect(world.installedTree()).toEqual(this.#before);
    expect(world.beside()).toEqual(this.#beside);
    expect(world.mounted()).toEqual([]);
  }
}

const TAGS: Readonly<Record<Language, string>> = { en: 'en-US', ru: 'ru-RU' };
