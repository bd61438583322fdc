import type { Language } from './language.ts';

interface Names {
  readonly app: string;
}
interface Update extends Names {
  readonly version: string;
}

/** What the main process says by itself, besides the menu and the notifications that `texts.ts` has. */
const ENGLISH_MAIN = {
  notUpdated: ({ app, version }: Update) => ({
    title: `${app} was not updated to ${version}`,
    body: 'Click to see why.',
  }),
  cannotUpdateHere: ({ app }: Names) => ({
    title: `${app} cannot be updated where it is`,
    body: `Click to move ${app} to the Applications folder.`,
  }),
  move: {
    title: ({ app }: Names) => `Move ${app} to the Applications folder?`,
    text: ({ app }: Names) =>
      `${app} runs from a place that cannot be written to, such as a disk image or a download that was never moved. It can be updated only from the Applications folder. ${app} quits and opens again from there.`,
    move: 'Move to Applications',
    cancel: 'Not Now',
  },
  notMoved: {
    title: ({ app }: Names) => `${app} could not be moved`,
    text: ({ app }: Names) =>
      `Nothing was changed. Quit ${app}, drag it to the Applications folder in the Finder, and open it from there.`,
    close: 'OK',
  },
  tray: ({ app }: Names) => app,
  trayReady: ({ app, version }: Update) => `${app}: the update to ${version} is ready`,
  version: ({ app, version }: Update) => `${app} ${version}`,
  managedOff: 'Updates are switched off by whoever looks after this Mac',
};

export type MainTexts = typeof ENGLISH_MAIN;

const RUSSIAN_MAIN: MainTexts = {
  notUpdated: ({ app, version }) => ({
    title: `Приложение ${app} не обновлено до версии ${version}`,
    body: 'Нажмите, чтобы узнать почему.',
  }),
  cannotUpdateHere: ({ app }) => ({
    title: `Приложение ${app} нельзя обновить там, где оно находится`,
    body: 'Нажмите, чтобы переместить его в папку «Программы».',
  }),
  move: {
    title: ({ app }) => `Переместить ${app} в папку «Программы»?`,
    text: ({ app }) =>
      `Приложение ${app} запущено из места, куда нельзя записывать: с образа диска или из загрузок, откуда его не перемещали. Обновить его можно только в папке «Программы». Приложение закроется и откроется оттуда.`,
    move: 'Переместить в «Программы»',
    cancel: 'Не сейчас',
  },
  notMoved: {
    title: ({ app }) => `Не удалось переместить ${app}`,
    text: ({ app }) =>
      `Ничего не изменилось. Завершите ${app}, перетащите приложение в папку «Программы» в Finder и откройте его оттуда.`,
    close: 'OK',
  },
  tray: ({ app }) => app,
  trayReady: ({ app, version }) => `${app}: обновление до версии ${version} готово`,
  version: ({ app, version }) => `${app} ${version}`,
  managedOff: 'Обновления отключены тем, кто управляет этим Mac',
};

export const MAIN_TEXTS: Readonly<Record<Language, MainTexts>> = { en: ENGLISH_MAIN, ru: RUSSIAN_MAIN };
