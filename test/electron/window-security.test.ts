import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UpdateWindow } from '../../src/electron/update-window.ts';
import {
  MODEL_CHANNEL,
  REQUEST_CHANNEL,
  type WindowModel,
  type WindowRequest,
} from '../../src/electron/window-contract.ts';
import { StandInElectron, type StandInSession, type StandInWindow } from './stand-in.ts';

const MODEL: WindowModel = {
  view: { kind: 'idle' },
  appName: 'Nexy',
  currentVersion: '2.0.0.45',
  channel: 'stable',
  lastCheckedAt: null,
  managed: { updatesOff: false, channel: null },
  languages: ['en'],
  qa: null,
};
const ORIGIN = 'https://nexy-updates.invalid';

describe('the update window', () => {
  let electron: StandInElectron;
  let folder: string;
  let window: StandInWindow;
  let session: StandInSession;
  let updateWindow: UpdateWindow;
  const requests: WindowRequest[] = [];

  beforeEach(() => {
    requests.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'nexy-page-'));
    mkdirSync(join(folder, 'page'));
    writeFileSync(join(folder, 'page', 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'page', 'window.js'), '1');
    writeFileSync(join(folder, 'secret.js'), 'secret');
    electron = new StandInElectron();
    updateWindow = new UpdateWindow({
      electron: electron.module(),
      pageFolder: join(folder, 'page'),
      preload: '/preload.cjs',
      title: () => 'Nexy Update',
      model: () => MODEL,
      onRequest: async (request) => void requests.push(request),
      onClosed: () => undefined,
    });
    updateWindow.open(true);
    window = electron.openWindows[0] as StandInWindow;
    session = electron.sessions.get('nexy-updates') as StandInSession;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has the sandbox, a world of its own for the preload script, and nothing of Node', () => {
    expect(window.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      preload: '/preload.cjs',
      partition: 'nexy-updates',
      devTools: false,
    });
    // What would loosen it is not even named.
    const names = Object.keys(window.options.webPreferences ?? {});
    expect(names).not.toContain('allowRunningInsecureContent');
    expect(names).not.toContain('experimentalFeatures');
    expect(names).not.toContain('enableBlinkFeatures');
    expect(names).not.toContain('nodeIntegrationInSubFrames');
  });

  it('stays where it is: no navigation, no redirect, no window, no webview', () => {
    const { webContents } = window;
    expect(webContents.attempt('will-frame-navigate')).toBe(false);
    expect(webContents.attempt('will-redirect')).toBe(false);
    expect(webContents.attempt('will-attach-webview')).toBe(false);
    expect(webContents.openHandler?.()).toEqual({ action: 'deny' });
  });

  it.each(['notifications', 'media', 'geolocation', 'clipboard-read', 'openExternal', 'usb', 'fullscreen'])(
    'is granted no %s',
    (permission) => expect(session.isGranted(permission)).toBe(false),
  );

  it('downloads nothing', () => {
    let isPrevented = false;
    session.emit('will-download', {
      preventDefault: () => {
        isPrevented = true;
      },
    });
    expect(isPrevented).toBe(true);
  });

  describe('its page', () => {
    it('is served with a policy that lets nothing in', async () => {
      expect(window.webContents.url).toBe(`${ORIGIN}/index.html`);
      const page = await session.fetch(`${ORIGIN}/index.html`);
      expect(page?.status).toBe(200);
      expect(page?.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const policy = page?.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:|data:|blob:/);
      expect((await session.fetch(`${ORIGIN}/window.js`))?.status).toBe(200);
    });

    it.each([
      `${ORIGIN}/../secret.js`,
      `${ORIGIN}/%2e%2e/secret.js`,
      `${ORIGIN}/..%2fsecret.js`,
      `${ORIGIN}//etc/passwd`,
      `${ORIGIN}/.hidden.js`,
      `${ORIGIN}/secret.js`,
      `${ORIGIN}/index.html/`,
      `${ORIGIN}/updater.yml`,
      `${ORIGIN}/`,
    ])('has no %s', async (url) => {
      expect((await session.fetch(url))?.status).toBe(404);
    });

    it.each([
      'https://evil.example/x.js',
      'http://nexy-updates.invalid/window.js',
      'https://nexy-updates.invalid.evil.example/',
    ])('gets nothing from %s', async (url) => expect(await session.fetch(url)).toBeNull());
  });

  describe('what it may ask for', () => {
    const frames = [
      ['a frame inside it', { url: `${ORIGIN}/index.html`, parent: {} }],
      ['a page that took its place', { url: 'https://evil.example/index.html', parent: null }],
      ['another page of its origin', { url: `${ORIGIN}/window.js`, parent: null }],
      ['a file', { url: 'file:///index.html', parent: null }],
      ['an origin that only looks like it', { url: `${ORIGIN}.evil.example/index.html`, parent: null }],
      ['nothing that can be told', { url: '', parent: null }],
      ['a frame that is gone', null],
    ] as const;

    it.each(frames)('is nothing for %s', async (_name, frame) => {
      const { webContents } = window;
      await expect(webContents.invoke(REQUEST_CHANNEL, { kind: 'restart' }, frame)).rejects.toThrow(
        'may not ask',
      );
      await expect(webContents.invoke(MODEL_CHANNEL, undefined, frame)).rejects.toThrow('may not ask');
      expect(requests).toEqual([]);
    });

    it.each([
      null,
      'restart',
      {},
      { kind: 'constructor' },
      { kind: 'restart', force: true },
      { kind: 'set-channel', channel: 'nightly' },
      { kind: 'open-link', url: 'file:///etc/passwd' },
      { kind: 'open-link', url: 'http://example.com/' },
      { kind: 'open-link', url: 'javascript:alert(1)' },
      { kind: 'open-link', url: 'x-apple.systempreferences:' },
      { kind: 'open-link', url: 'https://user:password@example.com/' },
    ])('is not %j', async (request) => {
      await expect(window.webContents.invoke(REQUEST_CHANNEL, request)).rejects.toThrow(TypeError);
      expect(requests).toEqual([]);
    });

    it('is what the contract has', async () => {
      await window.webContents.invoke(REQUEST_CHANNEL, { kind: 'open-link', url: 'https://example.com/' });
      await window.webContents.invoke(REQUEST_CHANNEL, { kind: 'restart' });
      expect(requests).toEqual([{ kind: 'open-link', url: 'https://example.com/' }, { kind: 'restart' }]);
      expect(await window.webContents.invoke(MODEL_CHANNEL)).toEqual(MODEL);
    });
  });

  it('is one: opened again it comes forward, closed it is gone, and opened anew it is locked down as before', () => {
    updateWindow.open(false);
    expect(electron.openWindows).toHaveLength(1);
    updateWindow.close();
    expect(updateWindow.isOpen).toBe(false);
    updateWindow.update();
    updateWindow.open(false);
    expect(electron.openWindows).toHaveLength(1);
    expect(electron.openWindows[0]?.webContents.attempt('will-frame-navigate')).toBe(false);
    expect(electron.sessions.size).toBe(1);
  });
});
