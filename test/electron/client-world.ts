import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { StartUpdatesOptions } from '../../src/electron/settings.ts';
import { startUpdates } from '../../src/electron/start-updates.ts';
import type { Updates } from '../../src/electron/updates.ts';
import {
  MODEL_CHANNEL,
  REQUEST_CHANNEL,
  type WindowModel,
  type WindowRequest,
} from '../../src/electron/window-contract.ts';
import { parseWindowModel } from '../../src/electron/window-schema.ts';
import { BUNDLE_ID, OWNER, UpdateWorld } from '../support/update-world.ts';
import { endWatchdogs } from '../updater/end-watchdogs.ts';
import { StandInElectron, type StandInWindow } from './stand-in.ts';

/** Polling that checks at once, and then never by itself. */
export const ONE_CHECK = { interval: 1e9, firstDelay: 1, retryDelay: 1e9, maximumDelay: 1e9 };
/** No check that nobody asked for. */
export const NO_CHECK = { ...ONE_CHECK, firstDelay: 1e9 };

/** A Mac with an installed app, a release host on loopback, and a stand-in for Electron around the real client. */
export class ClientWorld {
  readonly world: UpdateWorld;
  electron = new StandInElectron();
  updates: Updates | null = null;
  /** Of the person, in each start. */
  languages: readonly string[] = ['en-US'];
  readonly #logged: string[] = [];

  private constructor(world: UpdateWorld) {
    this.world = world;
    this.#wire();
  }

  /** @param app that is installed */
  static async open(app: string): Promise<ClientWorld> {
    const world = await UpdateWorld.open();
    world.install(app);
    return new ClientWorld(world);
  }

  async close(): Promise<void> {
    this.updates?.stop();
    endWatchdogs(this.world.folder);
    await this.world.close();
  }

  get stateFolder(): string {
    return join(this.world.folder, 'user', 'update-state');
  }

  get logged(): readonly string[] {
    return this.#logged;
  }

  options(more: Partial<StartUpdatesOptions> = {}): StartUpdatesOptions {
    const { host, app, tools } = this.world;
    const note = (message: unknown): void => void this.#logged.push(String(message));
    const { overrides, ...rest } = more;
    return {
      config: {
        owner: OWNER,
        bundleId: BUNDLE_ID,
        manifests: {
          stable: `${host.origin}/manifest.json`,
          beta: `${host.origin}/manifest_beta.json`,
        },
        allowedHosts: [],
        keys: [],
        appcastKeys: [],
        publish: { stable: 'promotion' },
      },
      polling: NO_CHECK,
      argv: ['/Applications/Nexy.app/Contents/MacOS/Nexy'],
      logger: { info: note, warn: note, error: note },
      overrides: {
        app,
        toolsFolder: tools,
        policy: { owner: OWNER, downloadBase: host.origin, allowedHosts: [], allowLoopback: true },
        http: { allowLoopback: true },
        // These apps are made for tests: their program is no Electron. test/install/self-test.test.ts has others.
        triesStagedApp: false,
        pageFolder: join(this.world.folder, 'page'),
        preload: '/preload.cjs',
        ...overrides,
      },
      ...rest,
    };
  }

  /** A start of the app. */
  async start(more: Partial<StartUpdatesOptions> = {}): Promise<Updates> {
    const updates = await startUpdates(this.options(more), {
      electron: async () => this.electron.module(),
      platform: 'darwin',
    });
    if (updates === null) throw new Error('This process is not to be the app.');
    this.updates = updates;
    return updates;
  }

  /** The next start: another process, as far as Electron goes. */
  async restart(more: Partial<StartUpdatesOptions> = {}): Promise<Updates> {
    this.updates?.stop();
    this.electron = new StandInElectron();
    this.#wire();
    return this.start(more);
  }

  #wire(): void {
    this.electron.userData = join(this.world.folder, 'user');
    this.electron.languages = [...this.languages];
  }

  get window(): StandInWindow {
    const window = this.electron.openWindows.at(-1);
    if (window === undefined) throw new Error('No window is open.');
    return window;
  }

  /** What the window was told last, as the window reads it. */
  get shown(): WindowModel {
    const last = this.window.webContents.sent.filter(({ channel }) => channel === MODEL_CHANNEL).at(-1);
    // What was there when it opened, the page has asked for.
    return parseWindowModel(last?.value ?? structuredClone(this.updates?.model));
  }

  request(request: WindowRequest): Promise<unknown> {
    return this.window.webContents.invoke(REQUEST_CHANNEL, request);
  }

  /** Waits until the model shows this. */
  async becomes(kind: WindowModel['view']['kind']): Promise<WindowModel> {
    await vi.waitFor(
      () => {
        const view = this.updates?.model.view;
        if (view?.kind !== kind) throw new Error(`${JSON.stringify(view)} and not ${kind}`);
      },
      { timeout: 20_000, interval: 10 },
    );
    return this.updates?.model as WindowModel;
  }

  /** Publishes an image with notes beside it. */
  publish(version: string, image: string, top: Readonly<Record<string, unknown>> = {}): void {
    const { host } = this.world;
    const bytes = readFileSync(image);
    const url = host.publish(`v${version}`, 'Nexy.dmg', bytes, OWNER);
    const notesUrl = host.publish(
      `v${version}`,
      'LATEST_CHANGES.md',
      Buffer.from(`# ${version}\n\n- Faster.\n`),
      OWNER,
    );
    this.world.offer({ version, url, bytes, top: { notes_url: notesUrl, ...top } });
  }
}
