import type { Application } from '../../src/updater/application.ts';
import { NexyUpdater, type UpdaterOptions } from '../../src/updater.ts';

// An application in a process of its own, for run-application.ts: node application-main.ts <options as JSON>.
// Its quit is asked of the test, which finishes or refuses it; then the process really ends.

export interface Call {
  readonly id: number;
  readonly name: keyof typeof CALLS;
}

export type Told =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly code: string | null }
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'error'; readonly code: string }
  | { readonly kind: 'quit' };

const onQuit: (() => void)[] = [];
const onRefused: (() => void)[] = [];
const application: Application = {
  name: 'Nexy',
  isPackaged: true,
  onQuit: (listener) => void onQuit.push(listener),
  onQuitRefused: (listener) => void onRefused.push(listener),
  quit: () => tell({ kind: 'quit' }),
  exit: (status) => process.exit(status),
  notify: () => undefined,
};

const { isApplication, ...options } = JSON.parse(process.argv[2] ?? '') as UpdaterOptions & {
  readonly isApplication: boolean;
};
const updater = new NexyUpdater({ ...options, ...(isApplication ? { application } : {}) });
updater.autoDownload = false;
updater.on('state', ({ kind }) => tell({ kind: 'state', state: kind }));
updater.on('error', ({ code }) => tell({ kind: 'error', code }));

const CALLS = {
  check: async () => (await updater.check()).decision,
  download: () => updater.downloadUpdate(),
  install: () => updater.installUpdate(),
  rollback: () => updater.rollback(),
  recover: () => updater.recover(),
  confirm: () => updater.confirmUpdate(),
  lastInstall: () => updater.lastInstall(),
  quitAndInstall: async () => updater.quitAndInstall(),
  refuseQuit: async () => {
    for (const listener of onRefused) listener();
  },
  finishQuit: async () => {
    for (const listener of onQuit) listener();
    process.exit(0);
  },
} as const;

function tell(told: Told): void {
  process.send?.(told);
}

process.on('message', async ({ id, name }: Call) => {
  try {
    tell({ kind: 'answer', id, value: (await CALLS[name]()) ?? null, code: null });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    tell({ kind: 'answer', id, value: null, code });
  }
});
