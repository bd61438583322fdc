/**
 * Main of the packaged test app: Nexy's own, told where the releases are and where to keep its things. Bundled to
 * test-main.js beside dist/ (support/package-nexy.ts).
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as electron from 'electron';
import { startNexy } from '../../../src/electron/nexy-app.ts';
import { PLAN_FILE, type TestPlan } from './test-plan.ts';

const plan: TestPlan = JSON.parse(readFileSync(join(process.resourcesPath, PLAN_FILE), 'utf8'));
const { folder, origin, version } = plan;

// Not where it was started to put a version back, to be tried, or to check in a terminal.
const isApp = !process.argv.some((word) => word.startsWith('--updater-') || word === '--check-updates');
if (isApp) appendFileSync(join(folder, 'started'), `${version} ${process.pid}\n`);

const userData = join(folder, 'user data');
mkdirSync(userData, { recursive: true });
electron.app.setPath('userData', userData);

const OWNER = 'Seregawpn/Nexy_production';
/** No check that nobody asked for. */
const NEVER = { interval: 1e9, firstDelay: 1e9, retryDelay: 1e9, maximumDelay: 1e9 };
const note = (message: unknown): void => appendFileSync(join(folder, 'log'), `${version}: ${message}\n`);

/** Of one that dies: long enough for `open` to have opened it and for ps to show it, too short to come up. */
const LIFE = 2_000;

if (isApp && plan.dies) setTimeout(() => process.kill(process.pid, 'SIGKILL'), LIFE);
else start();

function start(): void {
  startNexy(electron, {
    config: {
      owner: OWNER,
      bundleId: 'com.nexy.assistant',
      manifests: { stable: `${origin}/manifest.json`, beta: `${origin}/manifest_beta.json` },
      allowedHosts: [],
      keys: [],
      publish: { stable: 'promotion' },
      appcastKeys: [],
    },
    polling: NEVER,
    logger: { info: note, warn: note, error: note },
    overrides: {
      policy: { owner: OWNER, downloadBase: origin, allowedHosts: [], allowLoopback: true, keys: [] },
      http: { allowLoopback: true },
      cacheFolder: join(folder, 'cache'),
      stateFolder: join(folder, 'state'),
    },
  }).catch(note);
}
