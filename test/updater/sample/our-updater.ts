import type { NexyUpdater } from '../../../src/updater.ts';

// Stands in for electron-updater where a test compiles main-process.ts against our types: all is theirs but this.
export * from 'electron-updater/out/main.js';
export declare const autoUpdater: NexyUpdater;
