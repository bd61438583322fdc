import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startNexy } from '../../src/electron/nexy-app.ts';
import type { StartUpdatesOptions } from '../../src/electron/settings.ts';
import { canMakeImages } from '../support/make-image.ts';
import { makeDmg, makeNexy } from '../support/update-world.ts';
import { ClientWorld, ONE_CHECK } from './client-world.ts';
import { StandInContents } from './stand-in.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';

describe.skipIf(!canMakeImages())(`Nexy's own app${skipped}`, () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-app-'));
  let client: ClientWorld;
  let image: string;

  beforeAll(async () => {
    await makeNexy(join(made, 'old'), '2.0.0.45');
    await makeNexy(join(made, 'new'), '2.0.0.46');
    image = await makeDmg(join(made, 'new'), join(made, 'Nexy.dmg'));
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    client = await ClientWorld.open(join(made, 'old', 'Nexy.app'));
  });
  afterEach(() => client.close());

  async function start(more: Partial<StartUpdatesOptions> = {}) {
    const { electron } = client;
    client.updates = await startNexy(electron.module(), { ...client.options(), ...more }, 'darwin');
    return electron;
  }
  const labels = () => client.electron.menu.map(({ label, type }) => label ?? type);

  it('is an item in the menu bar, and no window', async () => {
    const electron = await start();
    expect(electron.trays.map((path) => basename(path))).toEqual(['trayTemplate.png']);
    expect(electron.openWindows).toEqual([]);
    expect(electron.calls).toContain('enableSandbox');
    expect(electron.schemes).toEqual(['nexy']);
    expect(electron.app.listenerCount('window-all-closed')).toBe(1);
    expect(labels()).toEqual([
      'Nexy 2.0.0.45',
      'Check for Updates…',
      'Update Channel',
      'separator',
      'About Nexy',
      'Quit Nexy',
    ]);
  });

  it('checks on a click, and opens QA’s panel on an Option-click', async () => {
    const electron = await start();
    electron.choose('Check for Updates…', { altKey: true });
    await vi.waitFor(() => expect(client.shown.qa).not.toBeNull());
    expect(client.world.host.log).toEqual([]);
    client.window.close();
    electron.choose('Check for Updates…');
    await vi.waitFor(() => expect(client.world.host.log).toHaveLength(1));
    expect(client.updates?.model.qa).toBeNull();
  });

  it('offers the restart once an update is ready, and installs by it', async () => {
    client.publish('2.0.0.46', image);
    const electron = await start({ polling: ONE_CHECK });
    await client.becomes('ready');
    expect(labels()).toContain('Restart to Update to 2.0.0.46');
    electron.choose('Restart to Update to 2.0.0.46');
    await vi.waitFor(() => expect(electron.exits).toEqual([0]));
  });

  it('has the channel to choose, and shows who chose it where a person cannot', async () => {
    const electron = await start();
    expect(electron.item('Stable')).toMatchObject({ type: 'radio', checked: true, enabled: true });
    electron.choose('Beta');
    await vi.waitFor(() => expect(electron.item('Beta')).toMatchObject({ checked: true }));

    client.updates?.stop();
    electron.preferences.set('NexyUpdateChannel', 'stable');
    await start();
    expect(electron.item('Stable')).toMatchObject({ checked: true, enabled: false });
    expect(electron.item('Beta')).toMatchObject({ checked: false, enabled: false });
  });

  it('says that updates are off, where they are', async () => {
    client.electron.preferences.set('NexyUpdatesDisabled', true);
    const electron = await start();
    expect(labels()).toContain('Updates are switched off by whoever looks after this Mac');
    expect(electron.item('Check for Updates…').enabled).toBe(false);
  });

  it('speaks Russian to those who do', async () => {
    client.electron.languages = ['ru-RU'];
    await start();
    expect(labels()).toContain('Проверить обновления…');
    expect(labels()).toContain('Завершить Nexy');
  });

  it('shows who it is, and quits', async () => {
    const electron = await start();
    electron.choose('About Nexy');
    expect(electron.calls).toContain('showAboutPanel');
    const quits: string[] = [];
    electron.app.on('quit', () => quits.push('quit'));
    electron.choose('Quit Nexy');
    expect(quits).toEqual(['quit']);
  });

  it('shows its window when it is opened once more, and has no shortcut that reloads or inspects it', async () => {
    const electron = await start();
    expect(electron.applicationMenu.map(({ role }) => role)).toEqual(['appMenu', 'editMenu', 'windowMenu']);
    electron.app.emit('activate');
    await vi.waitFor(() => expect(client.window.shown).toEqual(['active']));
  });

  it('locks down every page that it ever has', async () => {
    const electron = await start();
    const contents = new StandInContents();
    electron.app.emit('web-contents-created', {}, contents);
    expect(contents.attempt('will-frame-navigate')).toBe(false);
    expect(contents.attempt('will-attach-webview')).toBe(false);
    expect(contents.openHandler?.()).toEqual({ action: 'deny' });
  });

  it('can still be quit where its updates cannot be started', async () => {
    const { electron } = client;
    await startNexy(
      electron.module(),
      { ...client.options(), config: '/nowhere/updater.yml' },
      'darwin',
    ).catch(() => undefined);
    expect(labels()).toEqual(['About Nexy', 'Quit Nexy']);
  });
});
