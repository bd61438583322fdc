import type { UpdaterState } from '../state.ts';
import type { UpdaterLogger } from '../updater.ts';
import type { Terminal } from './terminal.ts';

const STATES: Readonly<Partial<Record<UpdaterState['kind'], string>>> = {
  checking: 'Checking for updates',
  downloading: 'Downloading, and hashing as it comes',
  ready: 'Staged and verified',
  installing: 'Exchanging the installed version for the new one',
};

const STEPS = {
  opening: 'Opening the disk image',
  verifying: 'Verifying what is inside',
  staging: 'Copying it beside the installed app, and checking its signature',
} as const;

/** Shows a state on the terminal as it comes: a line, or the progress bar. */
export function describeState(state: UpdaterState, terminal: Terminal): void {
  if (state.kind === 'downloading' && state.progress !== null) {
    terminal.progress(state.progress);
    return;
  }
  terminal.endProgress();
  if (state.kind === 'preparing') {
    terminal.step(state.step, STEPS[state.step]);
    return;
  }
  const text = STATES[state.kind];
  if (text !== undefined) terminal.step(state.kind, text);
}

/** The terminal is told of states and results by itself. */
export function warningsTo(terminal: Terminal): UpdaterLogger {
  return { info: () => undefined, warn: (message) => terminal.warn(String(message)), error: () => undefined };
}
