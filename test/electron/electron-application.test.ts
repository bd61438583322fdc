import type { Event } from 'electron';
import { beforeEach, describe, expect, it } from 'vitest';
import { electronApplication } from '../../src/electron/electron-application.ts';
import type { Application } from '../../src/updater/application.ts';
import { StandInElectron } from './stand-in.ts';

let electron: StandInElectron;
let application: Application;
let told: string[];

beforeEach(() => {
  electron = new StandInElectron();
  application = electronApplication(electron.module());
  told = [];
  application.onQuit(() => told.push('quit'));
  application.onQuitRefused(() => told.push('refused'));
});

/** Who prevents asks nothing more of it. */
const prevent = (event: Event): void => event.preventDefault();
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("Electron's application", () => {
  it('has its name, and is packaged or not', () => {
    expect(application).toMatchObject({ name: 'Nexy', isPackaged: true });
    electron.app.isPackaged = false;
    expect(application.isPackaged).toBe(false);
  });

  it('comes to its last moments when all windows are closed', async () => {
    const window = electron.openWindow();
    window.on('closed', () => told.push('closed'));
    application.quit();
    await settle();
    expect(told).toEqual(['closed', 'quit']);
  });

  it('comes to them after all others who listen, whoever was first', async () => {
    electron.app.on('will-quit', () => told.push('another'));
    application.quit();
    expect(told).toEqual(['another', 'quit']);
  });

  it("says so on the event of Electron's own updater, on which windows are let go", () => {
    electron.autoUpdater.on('before-quit-for-update', () => told.push('before-quit-for-update'));
    electron.app.on('before-quit', () => told.push('before-quit'));
    application.quit();
    expect(told).toEqual(['before-quit-for-update', 'before-quit', 'quit']);
  });

  it('ends at once when it is told to', () => {
    application.exit(3);
    expect(electron.exits).toEqual([3]);
  });

  it('shows notifications', () => {
    application.notify({ title: 'Nexy 2.0.0.46 is ready', body: 'It is installed when you quit.' });
    expect(electron.notifications).toMatchObject([
      { title: 'Nexy 2.0.0.46 is ready', body: 'It is installed when you quit.' },
    ]);
  });
});

describe('a quit that is refused', () => {
  it('is over when a window does not close', async () => {
    // Whether the one who refuses listens before or after the updater.
    electron.openWindow().on('close', prevent);
    application.quit();
    await settle();
    expect(told).toEqual(['refused']);
  });

  it('is over when a page does not let its window close', async () => {
    electron.openWindow().holdsPage = true;
    application.quit();
    await settle();
    expect(told).toEqual(['refused']);
  });

  it('is not, when the application lets such a window close after all', async () => {
    const window = electron.openWindow();
    window.holdsPage = true;
    window.webContents.on('will-prevent-unload', prevent);
    application.quit();
    await settle();
    expect(told).toEqual(['quit']);
  });

  it.each(['before-quit', 'will-quit'] as const)(
    'is not over while a handler of %s finishes its work, and then quits by itself',
    async (name) => {
      electron.app.once(name, prevent);
      application.quit();
      await settle();
      expect(told).toEqual([]);
      electron.app.quit();
      await settle();
      expect(told).toEqual(['quit']);
      electron.focus();
      expect(told).toEqual(['quit']);
    },
  );

  it.each(['before-quit', 'will-quit'] as const)(
    'is over when a handler of %s said no, and the person is back at work',
    async (name) => {
      electron.app.once(name, prevent);
      application.quit();
      await settle();
      electron.focus();
      electron.focus();
      expect(told).toEqual(['refused']);
    },
  );

  it('is one that the person began, too', async () => {
    const window = electron.openWindow();
    window.once('close', prevent);
    electron.app.quit();
    await settle();
    electron.app.quit();
    await settle();
    expect(told).toEqual(['refused', 'quit']);
  });

  it('is none when a window closes by itself, or does not', async () => {
    const window = electron.openWindow();
    window.once('close', prevent);
    window.close();
    await settle();
    window.close();
    await settle();
    electron.focus();
    expect(told).toEqual([]);
  });

  it('leaves nothing behind that listens', async () => {
    const window = electron.openWindow();
    for (let times = 0; times < 20; times += 1) {
      window.once('close', prevent);
      application.quit();
      await settle();
    }
    expect(window.listenerCount('close')).toBeLessThanOrEqual(1);
    expect(electron.app.listenerCount('browser-window-focus')).toBe(0);
  });
});
