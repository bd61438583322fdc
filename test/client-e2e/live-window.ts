import { readFileSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { FrameLike } from '../../src/electron/electron-client.ts';
import type { ClientWorld } from '../electron/client-world.ts';
import { eventually } from './eventually.ts';

/** What the test and the page do with each other, besides what the window itself does. */
declare global {
  interface Window {
    /** Of the stand-in for `ipcRenderer`: to the main process, and from it. */
    readonly invokeMain: (channel: string, value: unknown) => Promise<unknown>;
    tellPage?: (channel: string, value: unknown) => void;
    /** Every heading that was shown, in order. */
    readonly headings: string[];
  }
}

/** A window of the running client, on a real page. */
export interface LiveWindow {
  readonly page: Page;
  /** Errors, refused addresses and violations of the policy. There are none. */
  readonly troubles: readonly string[];
}

/** Runs in the page before the built preload script, which finds its `electron` here. */
const STAND_IN = `
const listeners = new Set();
const electron = {
  contextBridge: {
    exposeInMainWorld: (name, value) => Object.defineProperty(window, name, { value: Object.freeze({ ...value }) }),
  },
  ipcRenderer: {
    on: (channel, listener) => void listeners.add({ channel, listener }),
    removeListener: (channel, listener) => {
      for (const each of listeners) if (each.channel === channel && each.listener === listener) listeners.delete(each);
    },
    invoke: (channel, value) => window.invokeMain(channel, value),
  },
};
window.tellPage = (channel, value) => {
  for (const each of [...listeners]) if (each.channel === channel) each.listener({}, value);
};
const require = (name) => {
  if (name === 'electron') return electron;
  throw new Error('module not found: ' + name);
};
`;

const NOTE_HEADINGS = `
window.headings = [];
new MutationObserver(() => {
  const text = document.querySelector('h1')?.textContent;
  if (text !== undefined && window.headings.at(-1) !== text) window.headings.push(text);
}).observe(document, { subtree: true, childList: true, characterData: true });
`;

/** @param preload the built script */
export function scriptsBefore(preload: string, axe: string): readonly string[] {
  return [axe, NOTE_HEADINGS, `{ ${STAND_IN} ${readFileSync(preload, 'utf8')} }`];
}

/**
 * Gives the window that the client has opened a page of its own. Everything between the two is the client's: the
 * files and their headers come from the handlers that it gave to its session, requests go to its IPC handlers together
 * with the frame that sent them, and what it sends arrives at the preload script.
 *
 * @param scripts of `scriptsBefore`
 */
export async function showLive(
  context: BrowserContext,
  client: ClientWorld,
  scripts: readonly string[],
): Promise<LiveWindow> {
  const window = await eventually(() => client.window);
  const { webContents } = window;
  await eventually(() => expect(webContents.url).not.toBe(''));
  const session = client.electron.sessions.get('nexy-updates');
  if (session === undefined) throw new Error('The window has no session of its own.');

  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
  });
  await page.route('**/*', async (route) => {
    const url = route.request().url();
    const answer = await session.fetch(url);
    if (answer?.ok !== true) {
      troubles.push(`${url} was asked for`);
      return route.abort();
    }
    const headers = Object.fromEntries(answer.headers);
    return route.fulfill({ headers, body: Buffer.from(await answer.arrayBuffer()) });
  });
  await page.exposeBinding('invokeMain', ({ frame }, channel: string, value: unknown) => {
    const sender: FrameLike = { url: frame.url(), parent: frame.parentFrame() };
    return webContents.invoke(channel, value, sender);
  });
  for (const content of scripts) await page.addInitScript({ content });
  webContents.on('sent-to-page', (...told: [channel: string, value: unknown]) => {
    // One that closes, or has not loaded yet, hears nothing: it asks when it is there.
    page
      .evaluate(([channel, value]) => globalThis.window.tellPage?.(channel, value), told)
      .catch(() => undefined);
  });
  window.once('closed', () => void page.close());
  await page.goto(webContents.url);
  await page.waitForSelector('h1');
  return { page, troubles };
}
