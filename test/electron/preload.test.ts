import { execFile } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MODEL_CHANNEL, REQUEST_CHANNEL, type WindowBridge } from '../../src/electron/window-contract.ts';
import { REPOSITORY } from '../support/fixtures.ts';

const run = promisify(execFile);

describe('the preload script, built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nexy-preload-'));
  let script: string;
  let exposed: Record<string, unknown>;
  let asked: { readonly channel: string; readonly value: unknown }[];
  let renderer: EventEmitter;
  let bridge: WindowBridge;

  beforeAll(async () => {
    const output = join(folder, 'preload.cjs');
    await run(process.execPath, [join(REPOSITORY, 'scripts', 'build-preload.ts'), '--output', output]);
    script = readFileSync(output, 'utf8');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach(() => {
    exposed = {};
    asked = [];
    renderer = Object.assign(new EventEmitter(), {
      invoke: async (channel: string, value: unknown) => {
        asked.push({ channel, value });
        return channel === MODEL_CHANNEL ? 'the first model' : undefined;
      },
    });
    const electron = {
      ipcRenderer: renderer,
      contextBridge: {
        exposeInMainWorld: (name: string, value: unknown) => {
          exposed[name] = value;
        },
      },
    };
    // As in the sandbox: `require` knows electron, and there is nothing of Node's.
    const load = (name: string): unknown => {
      if (name === 'electron') return electron;
      throw new Error(`module not found: ${name}`);
    };
    runInNewContext(script, { require: load, module: {}, exports: {} });
    bridge = exposed['nexyUpdates'] as WindowBridge;
  });

  it('gives the page two functions, and nothing else', () => {
    expect(Object.keys(exposed)).toEqual(['nexyUpdates']);
    expect(Object.keys(bridge).sort()).toEqual(['onModel', 'request']);
  });

  it('passes requests on, on their channel alone', async () => {
    await bridge.request({ kind: 'restart' });
    expect(asked).toEqual([{ channel: REQUEST_CHANNEL, value: { kind: 'restart' } }]);
  });

  it('tells of the model now, and of each change until the page has enough, without Electron’s event', async () => {
    const told: unknown[] = [];
    const stop = bridge.onModel((...values) => told.push(values));
    await new Promise((resolve) => setImmediate(resolve));
    renderer.emit(MODEL_CHANNEL, { sender: renderer }, 'the second model');
    expect(told).toEqual([['the first model'], ['the second model']]);
    stop();
    renderer.emit(MODEL_CHANNEL, {}, 'the third model');
    expect(told).toHaveLength(2);
    expect(renderer.listenerCount(MODEL_CHANNEL)).toBe(0);
  });
});
