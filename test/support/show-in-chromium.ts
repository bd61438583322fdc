import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { StandInElectron, StandInWindow } from '../electron/stand-in.ts';
import { REPOSITORY } from './fixtures.ts';

const CHROMIUM = process.env['NEXY_CHROMIUM'] ?? '/usr/bin/chromium';
export const HAS_CHROMIUM = existsSync(CHROMIUM);

const run = promisify(execFile);

/** Builds the window's page and the preload script into a folder. */
export async function buildWindow(folder: string): Promise<void> {
  const build = (script: string, output: string) =>
    run(process.execPath, [join(REPOSITORY, 'scripts', script), '--output', join(folder, output)]);
  await Promise.all([build('build-renderer.ts', 'page'), build('build-preload.ts', 'preload.cjs')]);
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

export interface ShownPage {
  readonly page: Page;
  /** What went wrong in the page: errors, and what its policy or session refused. */
  readonly troubles: string[];
}

/**
 * Gives a window of the stand-in a real page: its files come from the handler that the client gave its session, under
 * the policy that they carry; its preload script is the built one; its messages go through the client's IPC handlers.
 */
export async function showInChromium(
  browser: Browser,
  electron: StandInElectron,
  window: StandInWindow,
  preload: string,
): Promise<ShownPage> {
  const session = electron.sessions.get('nexy-updates');
  if (session === undefined) throw new Error('The window has no session.');
  const { webContents } = window;
  const page = await browser.newPage({ reducedMotion: 'reduce' });
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  await page.route('**/*', async (route) => {
    const answer = await session.fetch(route.request().url());
    if (answer === null) return route.abort();
    const body = Buffer.from(await answer.arrayBuffer());
    return route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body });
  });
  await page.exposeFunction('askMain', (channel: string, value: unknown) =>
    webContents.invoke(channel, value),
  );
  await page.addInitScript(`(() => {
    const listeners = [];
    const electron = {
      contextBridge: { exposeInMainWorld: (name, value) => { window[name] = value; } },
      ipcRenderer: {
        on: (channel, listener) => void listeners.push({ channel, listener }),
        removeListener: (channel, listener) => {
          listeners.splice(listeners.findIndex((each) => each.listener === listener), 1);
        },
        invoke: (channel, value) => window.askMain(channel, value),
      },
    };
    window.tellPage = (channel, value) => {
      for (const each of [...listeners]) if (each.channel === channel) each.listener({}, value);
    };
    const require = () => electron;
    ${readFileSync(preload, 'utf8')}
  })();`);
  const send = webContents.send.bind(webContents);
  webContents.send = (channel, value) => {
    send(channel, value);
    const told = JSON.stringify([channel, value]);
    page.evaluate(`window.tellPage?.(...${told})`).catch(() => undefined);
  };
  window.once('closed', () => void page.close());
  await page.goto(webContents.url);
  return { page, troubles };
}
