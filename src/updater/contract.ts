import type { AppUpdater } from 'electron-updater';

/**
 * What NexyUpdater shares with electron-updater's `autoUpdater`, name by name. Left out are: what has private members
 * in its type and can only be electron-updater's own (`signals`, whose handlers are here all the same), `netSession`
 * (the caller brings agents of its session), and the overrides `isUpdateSupported` and `isUserWithinRollout` (there
 * is one place for policy here, and it gives reasons).
 */
export type UpdaterContract = Pick<
  AppUpdater,
  | 'addAuthHeader'
  | 'allowDowngrade'
  | 'allowPrerelease'
  | 'autoDownload'
  | 'autoInstallOnAppQuit'
  | 'autoRunAppAfterInstall'
  | 'channel'
  | 'checkForUpdates'
  | 'checkForUpdatesAndNotify'
  | 'currentVersion'
  | 'disableDifferentialDownload'
  | 'disableWebInstaller'
  | 'downloadUpdate'
  | 'forceDevUpdateConfig'
  | 'fullChangelog'
  | 'getFeedURL'
  | 'isUpdaterActive'
  | 'logger'
  | 'previousBlockmapBaseUrlOverride'
  | 'quitAndInstall'
  | 'requestHeaders'
  | 'setFeedURL'
>;
