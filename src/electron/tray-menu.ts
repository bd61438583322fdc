import type { MenuItemConstructorOptions } from 'electron';
import { CHANNELS, type Channel } from '../config.ts';
import { MAIN_TEXTS } from '../texts/main-texts.ts';
import { wordingFor } from '../texts/texts.ts';
import type { WindowModel } from './window-contract.ts';

export interface TrayActions {
  readonly check: () => void;
  readonly openQa: () => void;
  readonly restart: () => void;
  readonly setChannel: (channel: Channel) => void;
  readonly offerMove: () => void;
  readonly about: () => void;
  readonly quit: () => void;
}

export interface TrayContents {
  readonly toolTip: string;
  readonly items: MenuItemConstructorOptions[];
}

/** The menu of Nexy's own menu-bar item, as the model has it. Pure. */
export function makeTrayContents(model: WindowModel, actions: TrayActions): TrayContents {
  const { view, appName: app, currentVersion, channel, managed, languages } = model;
  const { texts, language } = wordingFor(languages);
  const { menu, channels } = texts;
  const main = MAIN_TEXTS[language];
  const isUnmovable =
    view.kind === 'held' && (view.reason === 'read-only-volume' || view.reason === 'translocated');
  const items: MenuItemConstructorOptions[] = [
    { label: main.version({ app, version: currentVersion }), enabled: false },
    ...(managed.updatesOff ? [{ label: main.managedOff, enabled: false }] : []),
    {
      label: menu.check,
      enabled: !managed.updatesOff,
      click: (_item, _window, { altKey = false }) => (altKey ? actions.openQa() : actions.check()),
    },
    ...(view.kind === 'ready'
      ? [{ label: menu.restartTo({ version: view.offer.version }), click: actions.restart }]
      : []),
    ...(isUnmovable ? [{ label: `${main.move.move}…`, click: actions.offerMove }] : []),
    {
      label: menu.channel,
      submenu: CHANNELS.map((each) => ({
        label: channels[each],
        type: 'radio' as const,
        checked: each === channel,
        enabled: managed.channel === null,
        click: () => actions.setChannel(each),
      })),
    },
    { type: 'separator' },
    ...makeLastItems({ app, languages }, actions),
  ];
  const toolTip =
    view.kind === 'ready' ? main.trayReady({ app, version: view.offer.version }) : main.tray({ app });
  return { toolTip, items };
}

/** What is in the menu whatever else is. */
export function makeLastItems(
  { app, languages }: { readonly app: string; readonly languages: readonly string[] },
  actions: Pick<TrayActions, 'about' | 'quit'>,
): MenuItemConstructorOptions[] {
  const { menu } = wordingFor(languages).texts;
  return [
    { label: menu.about({ app }), click: actions.about },
    { label: menu.quit({ app }), accelerator: 'Command+Q', click: actions.quit },
  ];
}
