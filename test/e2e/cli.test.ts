import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { runCli } from '../support/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'nexy-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const STATE = ['--state', join(folder, 'state'), '--cache', join(folder, 'cache')];

const MANIFEST = join(folder, 'manifest.json');
writeFileSync(
  MANIFEST,
  JSON.stringify({
    version: '2.0.0.46',
    artifact: {
      type: 'dmg',
      url: 'https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg',
      size: 308005520,
      sha256: 'a'.repeat(64),
      arch: 'universal2',
      min_os: '11.0',
    },
    rollout: { percentage: 10, salt: 's' },
  }),
);

function check(...more: readonly string[]) {
  return runCli(['check', '--json', '--manifest', MANIFEST, ...STATE, ...more]);
}

describe('check', () => {
  it.each([
    [['--current', '2.0.0.45', '--bucket', '999'], 3, 'update', 'newer'],
    [['--current', '2.0.0.45', '--bucket', '1000'], 0, 'held', 'rollout'],
    [['--current', '2.0.0.45', '--bucket', '1000', '--manual'], 3, 'update', 'newer'],
    [['--current', '2.0.0.46'], 0, 'none', 'up-to-date'],
    [['--current', '2.0.1'], 0, 'none', 'older'],
    [['--current', '2.0.0.45', '--os-version', '10.15.7'], 0, 'held', 'os-too-old'],
    [['--current', '2.0.0.45', '--owner', 'somebody/else'], 1, 'reject', 'manifest-rejected'],
  ])('%j exits with %d: %s, %s', async (args, status, action, reason) => {
    const result = await check(...args);
    expect(result).toMatchObject({ status, json: { action, reason, message: expect.stringMatching(/\.$/) } });
    expect(Object.keys(result.json as object)).toEqual([
      'action',
      'reason',
      'message',
      'current',
      'offered',
      'generation',
      'candidates',
      'findings',
    ]);
  });

  it('tells people the same in words, without colours where there is no terminal', async () => {
    const { stdout } = await runCli(['check', '--manifest', MANIFEST, '--current', '2.0.0.46', ...STATE]);
    expect(stdout).toContain('none (up-to-date)');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('wrong usage', () => {
  it.each([
    [[], 2],
    [['nonsense'], 2],
    [['check'], 2],
    [['check', '--manifest', MANIFEST], 2],
    [['check', '--manifest', MANIFEST, '--current', '1', '--bucket', '10000'], 2],
    [['check', '--manifest', MANIFEST, '--current', '1', '--owner', 'no-slash'], 2],
    [['update', '--manifest', './manifest.json', '--app', '/a.app'], 2],
    [['doctor'], 2],
    [['doctor', join(folder, 'empty')], 1],
  ])('%j exits with %d and the error document', async (args, status) => {
    const result = await runCli([...args, '--json']);
    expect(result.status).toBe(status);
    expect(result.json).toMatchObject({
      error: { code: expect.any(String), message: expect.any(String), details: {} },
    });
  });

  it.each(['check', 'update', 'status', 'recover', 'confirm', 'inspect', 'doctor', 'demo'])(
    '%s --help says what it is for, with an example',
    async (command) => {
      const { status, stdout } = await runCli([command, '--help']);
      expect(status).toBe(0);
      expect(stdout).toContain(`$ nexy-updater ${command}`);
      expect(stdout).toContain('--json');
    },
  );

  it('names the app that is not there', async () => {
    const app = join(folder, 'None.app');
    for (const command of ['status', 'recover', 'confirm']) {
      expect(await runCli([command, '--app', app, '--json', ...STATE])).toMatchObject({
        status: 1,
        json: { error: { code: 'app-not-found', message: expect.stringContaining(app) } },
      });
    }
  });
});

describe.skipIf(!HAS_FIXTURES)(`doctor${NEEDS_FIXTURES}`, () => {
  const manifests = join(FIXTURES, 'manifests');

  it('examines a folder of real manifests and their history', async () => {
    const { status, json } = await runCli(['doctor', manifests, '--history', '--json']);
    const report = json as { manifests: { file: string; verdict: string }[]; history: { code: string }[] };
    expect(status).toBe(1);
    expect(report.manifests.map(({ file }) => file)).toEqual(
      readdirSync(manifests)
        .sort()
        .map((name) => join(manifests, name)),
    );
    expect(new Set(report.history.map(({ code }) => code))).toEqual(
      new Set(['bytes-reused', 'version-reused', 'signature-reused', 'version-regression']),
    );
  });

  it('exits with 0 when none is rejected', async () => {
    const file = join(manifests, '2026-02-21_v1.6.1.43_367fee5d_stable_858e5e.json');
    expect(await runCli(['doctor', file, '--json'])).toMatchObject({
      status: 0,
      json: { manifests: [{ verdict: 'ok', generation: 'version-tag' }], history: [] },
    });
  });
});

describe.skipIf(!HAS_FIXTURES)(`inspect${NEEDS_FIXTURES}`, () => {
  const images = join(FIXTURES, 'disk-images');

  it('reads a disk image without attaching it', async () => {
    const file = join(images, 'SparkleTestCodeSignApp.dmg');
    expect(await runCli(['inspect', file, '--json'])).toMatchObject({
      status: 0,
      json: {
        type: 'dmg',
        size: readFileSync(file).length,
        sha256: 'a85b327bc0817397483759fdf7de8522fa239318075fd60be6007c4dc872c58a',
        bundleId: 'org.sparkle-project.SparkleTestApp',
        shortVersion: null,
        bundleVersion: '1.5',
        archs: ['x86_64'],
      },
    });
  });
});
