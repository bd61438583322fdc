import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skipVersion } from '../../src/check/skips.ts';
import { parseVersion } from '../../src/version.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { makeNexy } from '../support/update-world.ts';
import { ClientWorld } from './client-world.ts';

const run = promisify(execFile);

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runChild(script: string, args: readonly string[]): Promise<Ended> {
  const path = join(REPOSITORY, 'test', 'support', script);
  const environment = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' };
  const { stdout, stderr, code } = await run(process.execPath, [path, ...args], { env: environment }).then(
    (output) => ({ ...output, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
  return { status: code, stdout, stderr };
}

describe("main's first lines", () => {
  const main = (...args: readonly string[]) => runChild('electron-main-child.ts', args);

  it('do the self-test, and nothing of an app', async () => {
    expect(await main('--updater-self-test')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('put a version back, and nothing of an app', async () => {
    const { status, stdout, stderr } = await main('--updater-exchange');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('needs the path of a journal');
  });

  it('go on to an app where nothing else is asked for', async () => {
    expect((await main()).stdout).toContain(process.platform === 'darwin' ? 'instance lock' : '');
  });
});

describe('a check in the terminal', () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-terminal-'));
  let client: ClientWorld;

  beforeAll(() => makeNexy(join(made, 'old'), '2.0.0.45', { sign: false }));
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    client = await ClientWorld.open(join(made, 'old', 'Nexy.app'));
  });
  afterEach(() => client.close());

  const offer = (version: string, top: Readonly<Record<string, unknown>> = {}) => {
    const bytes = Buffer.from('an image');
    client.world.offer({
      version,
      url: client.world.host.publish(`v${version}`, 'Nexy.dmg', bytes),
      bytes,
      top,
    });
  };
  const check = (...args: readonly string[]) => {
    const { logger: _, ...options } = client.options({ argv: ['Nexy', '--check-updates', ...args] });
    return runChild('client-child.ts', [client.electron.userData, JSON.stringify(options)]);
  };

  it('says what nexy-updater check says, and ends as that does', async () => {
    offer('2.0.0.46');
    const { status, stdout } = await check('--json');
    const theirs = await client.world.check('--channel', 'stable');
    expect(JSON.parse(stdout)).toEqual(theirs.json);
    expect(status).toBe(3);
    expect(theirs.status).toBe(3);
  });

  it('says it in words', async () => {
    offer('2.0.0.46');
    const { status, stdout } = await check();
    expect(stdout).toContain('update (newer)\nVersion 2.0.0.46 is offered and 2.0.0.45 is installed.');
    expect(stdout).toMatch(/version-tag: http/);
    expect(status).toBe(3);
  });

  it('ends with 0 where there is nothing to do, and with 1 for a manifest that is rejected', async () => {
    offer('2.0.0.45');
    expect(await check()).toMatchObject({ status: 0, stdout: expect.stringContaining('none (up-to-date)') });
    client.world.host.setManifest('/manifest.json', '{}');
    expect(await check()).toMatchObject({ status: 1, stdout: expect.stringContaining('manifest-invalid') });
  });

  it('tells a failure as a document, or as a sentence', async () => {
    const { status, stdout } = await check('--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'manifest-unreachable' } });
    expect((await check()).stderr).toMatch(/^Error: .*\(manifest-unreachable\)\n$/);
  });

  it('is an automatic one unless a person asks', async () => {
    offer('2.0.0.46');
    await skipVersion(client.stateFolder, parseVersion('2.0.0.46'));
    expect(await check()).toMatchObject({ status: 0, stdout: expect.stringContaining('skipped-by-user') });
    expect((await check('--manual')).status).toBe(3);
  });

  it('takes no instance lock, opens nothing, and downloads nothing but the manifest', async () => {
    offer('2.0.0.46');
    await check();
    expect(client.world.host.log.map(({ path }) => path)).toEqual(['/manifest.json']);
    expect(client.world.beside()).toEqual([]);
  });
});
