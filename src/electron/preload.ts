import { contextBridge, ipcRenderer } from 'electron';
import { MODEL_CHANNEL, REQUEST_CHANNEL, type WindowBridge, type WindowModel } from './window-contract.ts';

// Runs in the window's sandbox, bundled into one CommonJS file by scripts/build-preload.ts. All that the page gets are
// these two functions: neither ipcRenderer, nor its events, nor another channel (Electron's security checklist, item
// 20). What passes is checked where it arrives: models by the page, requests by the main process (window-schema.ts).

const bridge: WindowBridge = {
  onModel: (listener) => {
    let isListening = true;
    const tell = (value: unknown): void => {
      if (isListening) listener(value as WindowModel);
    };
    const onSent = (_event: unknown, value: unknown): void => tell(value);
    ipcRenderer.on(MODEL_CHANNEL, onSent);
    void ipcRenderer.invoke(MODEL_CHANNEL).then(tell);
    return () => {
      isListening = false;
      ipcRenderer.removeListener(MODEL_CHANNEL, onSent);
    };
  },
  request: async (request) => {
    await ipcRenderer.invoke(REQUEST_CHANNEL, request);
  },
};

contextBridge.exposeInMainWorld('nexyUpdates', bridge);
