import { join } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import type { ElectronClient } from './electron-client.ts';
import { lockContents } from './lock-down.ts';
import { type ClientModules, type StartUpdatesOptions, startUpdates } from './start-updates.ts';
import type { Updates } from './updates.ts';

const RESOURCES = join(import.meta.dirname, '..', '..', 'resources');

/**
 * Nexy's own small app around the updater: an item in the menu bar, and no window until somebody wants one.
 *
 * @param options besides Nexy's own, for tests
 * @returns null where this process is not to be the app
 */
export async function startNexy(
  electron: ElectronClient,
  options: Partial<StartUpdatesOptions> = {},
  platform: ClientModules['platform'] = process.platform,
): Promise<Updates | null> {
  const { app } = electron;
  // Before it is ready: every page of this app runs in the sandbox, and stays where it is.
  app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => lockContents(contents));
  // With nobody listening, Electron quits with the last window.
  app.on('window-all-closed', () => undefined);
  const tray: { item: InstanceType<ElectronClient['Tray']> | null } = { item: null };
  const starting = startUpdates(
    {
      config: join(RESOURCES, 'updater.yml'),
      scheme: 'nexy',
      comeUp: () => {
        electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(makeShortcuts()));
        tray.item = new electron.Tray(join(RESOURCES, 'trayTemplate.png'));
        tray.item.setToolTip(app.getName());
      },
      ...options,
    },
    { electron: async () => electron, platform },
  );
  try {
    const updates = await starting;
    if (updates === null || tray.item === null) return updates;
    await fillTray(electron, tray.item, updates);
    // Opened once more in the Finder: there is no icon in the Dock that would show that it runs already.
    app.on('activate', () => updates.open());
    return updates;
  } catch (error) {
    // Without updates it is an app still, which somebody may want to quit.
    if (tray.item !== null) await fillEmptyTray(electron, tray.item);
    throw error;
  }
}

/** An app without a menu bar has shortcuts all the same. Electron's own default also reloads, and inspects. */
function makeShortcuts(): MenuItemConstructorOptions[] {
  return [{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }];
}

async function fillEmptyTray(
  { app, Menu }: ElectronClient,
  tray: InstanceType<ElectronClient['Tray']>,
): Promise<void> {
  const { makeLastItems } = await import('./tray-menu.ts');
  const names = { app: app.getName(), languages: app.getPreferredSystemLanguages() };
  const items = makeLastItems(names, { about: () => app.showAboutPanel(), quit: () => app.quit() });
  tray.setContextMenu(Menu.buildFromTemplate(items));
}

async function fillTray(
  { app, Menu }: ElectronClient,
  tray: InstanceType<ElectronClient['Tray']>,
  updates: Updates,
): Promise<void> {
  const { makeTrayContents } = await import('./tray-menu.ts');
  const actions = {
    check: () => updates.check(),
    openQa: () => updates.openQa(),
    restart: () => updates.restart(),
    setChannel: (channel: Parameters<Updates['setChannel']>[0]) => updates.setChannel(channel),
    offerMove: () => updates.offerMove(),
    about: () => app.showAboutPanel(),
    quit: () => app.quit(),
  };
  let shown = '';
  const show = (): void => {
    const contents = makeTrayContents(updates.model, actions);
    // A menu that is open would close with every report of a download's progress.
    const key = JSON.stringify(contents);
    if (key === shown) return;
    shown = key;
    tray.setToolTip(contents.toolTip);
    tray.setContextMenu(Menu.buildFromTemplate(contents.items));
  };
  updates.onChange(show);
  show();
}
