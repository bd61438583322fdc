import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readInstallationStatus } from '../../src/install/installation.ts';
import { layoutOf } from '../../src/install/layout.ts';
import type { Language } from '../../src/texts/language.ts';
import { ONE_CHECK } from '../electron/client-world.ts';
import { makeUpdatePair, NEW_VERSION, OLD_VERSION, type UpdatePair } from '../support/update-pair.ts';
import { eventually } from './eventually.ts';
import { makeHoldingMac } from './holding-mac.ts';
import { CAN_RUN, type Hand, type LiveClient, SKIPPED, useLiveClients } from './live-client.ts';
import { runClient } from './run-client.ts';

const UPDATE = { app: 'Nexy', version: NEW_VERSION };

describe.skipIf(!CAN_RUN)(`an update, from the click to what is new${SKIPPED}`, () => {
  const clients = useLiveClients();
  let pair: UpdatePair;
  beforeAll(async () => {
    pair = await makeUpdatePair({ hasFramework: false });
  });

  it.each<[Hand, Language]>([
    ['mouse', 'en'],
    ['keyboard', 'en'],
    ['mouse', 'ru'],
    ['keyboard', 'ru'],
  ])('by %s (%s)', { timeout: 240_000 }, async (hand, language) => {
    const live = await clients.open(pair.oldApp, { hand, language, name: hand });
    const { client, texts } = live;
    const { world } = client;
    const { available, downloading, verifying, ready, installing, installed } = texts;
    const { checking, upToDate, buttons } = texts;
    // So slow that there is time to look at it, however busy this computer is.
    const slow = { kind: 'trickle', bytesPerSecond: statSync(pair.image).size / 60 } as const;
    world.host.fault({ file: 'Nexy.dmg', times: 2, fault: slow });
    client.publish(NEW_VERSION, pair.image, { auto_install: false });
    const mac = makeHoldingMac(join(world.folder, 'mac'), ['ditto', 'ps', 'sw_vers']);

    // What a check of its own finds is announced; the person comes by the notification.
    await live.start({ polling: ONE_CHECK, overrides: { toolsFolder: mac.tools } });
    await eventually(() => expect(client.electron.notifications).toHaveLength(1));
    expect(client.electron.notifications[0]).toMatchObject(texts.notifications.available(UPDATE));
    client.electron.notifications[0]?.click();
    await live.show();
    await live.shows(available.title(UPDATE));
    await live.page.getByText('Faster.').waitFor();
    await live.inspect('available');

    await live.press(buttons.downloadName(UPDATE));
    await live.shows(downloading.title(UPDATE));
    await eventually(async () => expect(await progressOf(live)).toBeGreaterThan(0.02));
    await live.inspect('downloading', ['light']);
    await live.press(buttons.pauseName);
    await live.shows(downloading.paused(UPDATE));
    const paused = await progressOf(live);
    expect(paused).toBeGreaterThan(0.02);
    await live.inspect('paused');
    expect(await progressOf(live)).toBe(paused);

    await live.press(buttons.resumeName);
    await live.shows(downloading.title(UPDATE));
    await eventually(async () => expect(await progressOf(live)).toBeGreaterThan(paused));
    expect(world.host.log.at(-1)?.headers['range']).toMatch(/^bytes=\d+-$/);
    await live.press(buttons.cancelName);
    await live.shows(available.title(UPDATE));
    live.expectUntouched();

    mac.hold();
    await live.press(buttons.downloadName(UPDATE));
    await live.shows(verifying.title(UPDATE));
    await eventually(() => expect(mac.isHeld()).toBe(true));
    await live.inspect('verifying');
    mac.release();
    await live.shows(ready.title(UPDATE));
    expect(await live.paragraphs()).toEqual([ready.text(UPDATE), ready.onQuit(UPDATE)]);
    await live.inspect('ready');
    expect(world.installedTree()).toEqual(pair.oldTree);

    // What the exchange needs is made ready once more, for a restart; that is when the window is last seen.
    mac.hold();
    await live.press(buttons.restartName(UPDATE));
    await live.shows(installing.title(UPDATE));
    await eventually(() => expect(mac.isHeld()).toBe(true));
    await live.inspect('installing');
    mac.release();
    await eventually(() => expect(client.electron.exits).toEqual([0]));
    expect(world.installedTree()).toEqual(pair.newTree);
    expect(await stateOf(live)).toBe('swapped');

    await live.restart({ overrides: { toolsFolder: mac.tools } });
    await eventually(() => expect(client.electron.notifications).toHaveLength(1));
    expect(client.electron.notifications[0]).toMatchObject(texts.notifications.installed(UPDATE));
    client.electron.notifications[0]?.click();
    await live.show();
    await live.shows(installed.title(UPDATE));
    expect(await live.paragraphs()).toEqual([installed.text({ from: OLD_VERSION })]);
    await live.page.getByText('Faster.').waitFor();
    await live.inspect('installed');
    await live.press(buttons.done);
    await eventually(() => expect(client.electron.openWindows).toEqual([]));

    mac.hold();
    await live.check();
    await live.shows(checking.title);
    await live.inspect('checking');
    mac.release();
    await live.shows(upToDate.title(UPDATE));
    await live.inspect('up-to-date');
    expect(world.installedTree()).toEqual(pair.newTree);
  });

  it('waits for the next quit where the person would rather not be interrupted', {
    timeout: 240_000,
  }, async () => {
    const live = await clients.open(pair.oldApp, { hand: 'keyboard', name: 'on quit' });
    const { client, texts } = live;
    client.publish(NEW_VERSION, pair.image);
    await live.start();
    await live.check();
    await live.shows(texts.ready.title(UPDATE));
    await live.press(texts.buttons.onQuitName(UPDATE));
    await eventually(() => expect(client.electron.openWindows).toEqual([]));
    expect(client.electron.exits).toEqual([]);
    expect(client.world.installedTree()).toEqual(pair.oldTree);
    client.electron.app.quit();
    expect(client.electron.exits).toEqual([0]);
    expect(client.world.installedTree()).toEqual(pair.newTree);
  });

  it('is confirmed by the first start of the new version, which tells what is new, once', {
    timeout: 240_000,
  }, async () => {
    const live = await clients.open(pair.oldApp, { name: 'first start' });
    const { client, texts } = live;
    client.publish(NEW_VERSION, pair.image);
    await runClient(client, { polling: ONE_CHECK }, '--quit-when-ready');
    expect(client.world.installedTree()).toEqual(pair.newTree);
    expect(await stateOf(live)).toBe('swapped');

    await live.start();
    await eventually(async () => expect(await stateOf(live)).toBe('confirmed'));
    const kept = () => client.world.beside().filter((name) => !/\.(journal|lock)$/.test(name));
    await eventually(() => expect(kept()).toEqual([]));
    await eventually(() => expect(client.electron.notifications).toHaveLength(1));
    client.electron.notifications[0]?.click();
    await live.show();
    await live.shows(texts.installed.title(UPDATE));
    await live.page.getByText('Faster.').waitFor();
    await live.inspect('installed');
    await live.press(texts.buttons.done);

    await live.restart({ polling: ONE_CHECK });
    await client.becomes('up-to-date');
    expect(client.electron.notifications).toEqual([]);
    client.updates?.open();
    await live.show();
    await live.shows(texts.upToDate.title(UPDATE));
    expect(await live.paragraphs()).toEqual([texts.upToDate.text({ version: NEW_VERSION })]);
  });
});

/** 0 to 1. */
function progressOf({ page }: LiveClient): Promise<number> {
  return page.locator('progress').evaluate((bar) => (bar instanceof HTMLProgressElement ? bar.value : 0));
}

/** What the journal beside the app says. */
async function stateOf({ client }: LiveClient): Promise<string> {
  return (await readInstallationStatus(await layoutOf(client.world.app))).state;
}
