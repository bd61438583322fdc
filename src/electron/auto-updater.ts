import type { AppUpdater, ProgressInfo, UpdateDownloadedEvent, UpdateInfo } from 'electron-updater';
import type { UpdaterContract } from '../updater/contract.ts';

/** Events of both, with the payloads that code for both can rely on. */
interface SharedEvents {
  readonly 'checking-for-update': [];
  readonly 'update-available': [info: UpdateInfo];
  readonly 'update-not-available': [info: UpdateInfo];
  readonly 'download-progress': [progress: ProgressInfo];
  readonly 'update-downloaded': [event: UpdateDownloadedEvent];
  readonly 'update-cancelled': [info: UpdateInfo];
  readonly error: [error: Error, message?: string];
}

type ListenTo<Name extends keyof SharedEvents> = (
  name: Name,
  listener: (...payload: SharedEvents[Name]) => void,
) => unknown;

/** One overload for each event, since the two libraries write their generic one in different ways. */
type Listen = ListenTo<'checking-for-update'> &
  ListenTo<'update-available'> &
  ListenTo<'update-not-available'> &
  ListenTo<'download-progress'> &
  ListenTo<'update-downloaded'> &
  ListenTo<'update-cancelled'> &
  ListenTo<'error'>;

/** What one call site can do on every platform: NexyUpdater's and electron-updater's common part. */
export interface AutoUpdater extends UpdaterContract {
  readonly on: Listen;
  readonly once: Listen;
  readonly off: Listen;
  readonly addListener: Listen;
  readonly removeListener: Listen;
  readonly removeAllListeners: (name?: keyof SharedEvents) => unknown;
  readonly listenerCount: (name: keyof SharedEvents) => number;
  readonly signals: Pick<AppUpdater['signals'], 'progress' | 'updateCancelled' | 'updateDownloaded'>;
}
