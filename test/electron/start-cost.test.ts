import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../support/fixtures.ts';
import { makeNexy } from '../support/update-world.ts';
import { ClientWorld } from './client-world.ts';

const run = promisify(execFile);

/** What was loaded when the tray was made, and when everything before the first check was done. */
interface Loaded {
  readonly up: readonly string[];
  readonly begun: readonly string[];
}

describe('the start of an app', () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-cost-'));
  let loaded: Loaded;

  beforeAll(async () => {
    const client = await ClientWorld.open(await makeNexy(join(made, 'old'), '2.0.0.45', { sign: false }));
    const { logger: _, ...options } = client.options();
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      const { StandInElectron } = await import('./test/electron/stand-in.ts');
      const electron = new StandInElectron();
      electron.userData = ${JSON.stringify(client.electron.userData)};
      loaded.length = 0;
      const { startNexy } = await import('./src/electron/nexy-app.ts');
      let up;
      const module = { ...electron.module(), Tray: class {
        constructor() { up = [...loaded]; }
        setToolTip() {}
        setContextMenu() {}
      } };
      await startNexy(module, ${JSON.stringify(options)}, 'darwin');
      // Until the running version has confirmed itself, which is the last thing before polling.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      console.log(JSON.stringify({ up, begun: loaded.filter((url) => url.startsWith('file:')) }));
      process.exit(0);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: REPOSITORY,
    });
    loaded = JSON.parse(stdout) as Loaded;
    await client.close();
  }, 60_000);
  afterAll(() => rmSync(made, { recursive: true, force: true }));

  const packagesIn = (urls: readonly string[]) => [
    ...new Set(urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [])),
  ];

  it('has loaded no package, and a handful of files, when the tray is there', () => {
    expect(packagesIn(loaded.up)).toEqual([]);
    expect(loaded.up.filter((url) => url.startsWith('file:')).length).toBeLessThanOrEqual(8);
  });

  // Once the app is up, `recover` reads Info.plist, and takes a lock by koffi.
  it('has loaded nothing of HTTP, of packages and of what validates before the first check', () => {
    const packages = packagesIn(loaded.begun);
    for (const heavy of ['got', 'https-proxy-agent', '7z-wasm', 'valibot', 'yaml']) {
      expect(packages).not.toContain(heavy);
    }
    expect(loaded.begun.some((url) => url.endsWith('/src/install/confirm.ts'))).toBe(true);
  });
});
