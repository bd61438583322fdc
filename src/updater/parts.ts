import type { UpdateError } from '../errors.ts';
import type { AssessPolicy } from '../manifest/assess.ts';
import type { InstallSettings } from '../prepare-update.ts';
import { type Cancellation, follow } from './cancellation.ts';
import type { UpdaterEvents } from './events.ts';
import type { Feed } from './feed.ts';
import type { LifeLine } from './life.ts';

/** What can be changed while the updater lives. */
export interface UpdaterSettings {
  autoDownload: boolean;
  autoInstallOnAppQuit: boolean;
  autoRunAppAfterInstall: boolean;
  allowDowngrade: boolean;
}

/** What the flows of an updater share: its settings, its state, and the ways to tell. */
export interface UpdaterParts {
  readonly options: InstallSettings & { readonly policy: AssessPolicy };
  readonly settings: Readonly<UpdaterSettings>;
  readonly feed: Feed;
  readonly line: LifeLine;
  readonly now: () => Date;
  readonly tell: <Name extends keyof UpdaterEvents>(name: Name, ...payload: UpdaterEvents[Name]) => void;
  /** Tells a failure to those who listen. */
  readonly report: (error: UpdateError) => void;
  readonly info: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** Lets a cancellation stop an act until that has ended. */
export function followUntil(
  cancellation: Cancellation | undefined,
  controller: AbortController,
  end: Promise<unknown>,
): void {
  if (cancellation === undefined) return;
  const stop = follow(cancellation, controller);
  end.then(stop, stop);
}
