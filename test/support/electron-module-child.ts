import { tmpdir } from 'node:os';
import { StandInElectron } from '../electron/stand-in.ts';

// What electron-main-child.ts gives in the place of `electron`. Its windows, menus and trays are told on stdout.

const electron = new StandInElectron();
electron.userData = tmpdir();
electron.app.exit = (status = 0) => process.exit(status);
electron.app.whenReady = async () => {
  console.log('asked whether it is ready');
  return undefined;
};
electron.app.requestSingleInstanceLock = () => {
  console.log('asked for the instance lock');
  return false;
};
const module = electron.module();
export const { app, autoUpdater, BrowserWindow, clipboard, dialog, Menu, net, Notification } = module;
export const { powerMonitor, session, shell, systemPreferences, Tray } = module;
