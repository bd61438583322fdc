import type { Texts } from '../texts/english.ts';
import type { Action } from './screen.ts';

interface Names {
  readonly app: string;
  readonly version: string;
}

type MakeAction = (texts: Texts, names: Names) => Action;

/** Every button that there is. Those with the same id take each other's place, so that the focus stays there. */
export const ACTIONS = {
  check: ({ buttons }) => ({ id: 'check', label: buttons.check, request: { kind: 'check' } }),
  checkAgain: ({ buttons }) => ({ id: 'check', label: buttons.checkAgain, request: { kind: 'check' } }),
  checkNow: ({ buttons }) => ({ id: 'check', label: buttons.checkNow, request: { kind: 'check' } }),
  tryAgain: ({ buttons }) => ({ id: 'check', label: buttons.tryAgain, request: { kind: 'check' } }),
  download: ({ buttons }, names) => ({
    id: 'download',
    label: buttons.download,
    name: buttons.downloadName(names),
    request: { kind: 'download' },
  }),
  skip: ({ buttons }, names) => ({
    id: 'skip',
    label: buttons.skip,
    name: buttons.skipName(names),
    request: { kind: 'skip' },
    isApart: true,
  }),
  later: ({ buttons }) => ({
    id: 'close',
    label: buttons.later,
    name: buttons.laterName,
    request: { kind: 'close' },
  }),
  pause: ({ buttons }) => ({
    id: 'pause',
    label: buttons.pause,
    name: buttons.pauseName,
    request: { kind: 'pause' },
  }),
  resume: ({ buttons }) => ({
    id: 'pause',
    label: buttons.resume,
    name: buttons.resumeName,
    request: { kind: 'resume' },
  }),
  cancel: ({ buttons }) => ({
    id: 'cancel',
    label: buttons.cancel,
    name: buttons.cancelName,
    request: { kind: 'cancel' },
  }),
  restart: ({ buttons }, names) => ({
    id: 'restart',
    label: buttons.restart,
    name: buttons.restartName(names),
    request: { kind: 'restart' },
  }),
  authorize: ({ buttons }, names) => ({
    id: 'restart',
    label: buttons.authorize,
    name: buttons.authorizeName(names),
    request: { kind: 'restart' },
  }),
  onQuit: ({ buttons }, names) => ({
    id: 'on-quit',
    label: buttons.onQuit,
    name: buttons.onQuitName(names),
    request: { kind: 'install-on-quit' },
  }),
  move: ({ buttons }, names) => ({
    id: 'move',
    label: buttons.move,
    name: buttons.moveName(names),
    request: { kind: 'move-to-applications' },
  }),
  openSettings: ({ buttons }) => ({
    id: 'open-settings',
    label: buttons.openSettings,
    name: buttons.openSettingsName,
    request: { kind: 'open-app-management' },
  }),
  copyReport: ({ buttons }) => ({
    id: 'copy-report',
    label: buttons.copyReport,
    name: buttons.copyReportName,
    request: { kind: 'copy-report' },
    isApart: true,
  }),
  close: ({ buttons }) => ({
    id: 'close',
    label: buttons.close,
    name: buttons.closeName,
    request: { kind: 'close' },
  }),
  done: ({ buttons }) => ({ id: 'close', label: buttons.done, request: { kind: 'close' } }),
} as const satisfies Readonly<Record<string, MakeAction>>;

export type ActionName = keyof typeof ACTIONS;

/** Buttons in their order; the last one is the default. */
export function actionsWithDefault(
  texts: Texts,
  names: Names,
  order: readonly ActionName[],
): readonly Action[] {
  return order.map((name, index) => {
    const action: Action = ACTIONS[name](texts, names);
    return index === order.length - 1 ? { ...action, isDefault: true } : action;
  });
}

/** Buttons in their order, none of which is done by Return: there is nothing that a person has to decide. */
export function actionsWithoutDefault(
  texts: Texts,
  names: Names,
  order: readonly ActionName[],
): readonly Action[] {
  return order.map((name) => ACTIONS[name](texts, names));
}
