import { render } from 'preact';
import type { WindowBridge } from '../electron/window-contract.ts';
import { App } from './app.tsx';

declare global {
  interface Window {
    /** Of the preload script. */
    readonly nexyUpdates: WindowBridge;
  }
}

render(<App bridge={window.nexyUpdates} />, document.body);
