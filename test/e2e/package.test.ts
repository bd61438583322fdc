import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY } from '../support/fixtures.ts';

const run = promisify(execFile);
const inRepository = { cwd: REPOSITORY };

describe('the built package', () => {
  beforeAll(async () => {
    await run(
      process.execPath,
      [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
      inRepository,
    );
  });

  it('runs the demo: two updates are installed, the lie is refused', async () => {
    const { stdout } = await run(process.execPath, ['bin/nexy-updater.js', 'demo', '--json'], inRepository);
    expect(JSON.parse(stdout)).toMatchObject({
      scenes: [
        { scene: 'version-tag', outcome: 'installed', from: '2.0.0.45', version: '2.0.0.46' },
        { scene: 'fixed-tag', outcome: 'installed', from: '2.0.0.45', version: '2.0.0.46' },
        { scene: 'lie', outcome: 'refused', code: 'payload-version-mismatch', version: '2.0.0.45' },
      ],
    });
  });

  it('can be imported by name, which loads no dependency yet', async () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      const { NexyUpdater } = await import('nexy-updater');
      console.log(JSON.stringify([typeof NexyUpdater, loaded.filter((url) => url.includes('node_modules'))]));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], inRepository);
    expect(JSON.parse(stdout)).toEqual(['function', []]);
  });

  it('tells an old Node what is needed', async () => {
    const old = '/usr/bin/node';
    if (!existsSync(old)) return;
    const { stdout: version } = await run(old, ['--version']);
    if (Number(/^v(\d+)/.exec(version)?.[1]) >= 22) return;
    await expect(run(old, ['bin/nexy-updater.js', '--version'], inRepository)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('needs Node 22.12'),
    });
  });
});

describe('files for other tools', () => {
  it('electron-builder.yml is valid by electron-builder itself', async () => {
    const builder = createRequire(createRequire(import.meta.url).resolve('electron-builder'));
    const { validateConfiguration } = builder('app-builder-lib/out/util/config/config');
    const { DebugLogger } = builder('builder-util');
    const configuration = parse(readFileSync(join(REPOSITORY, 'electron-builder.yml'), 'utf8'));
    await validateConfiguration(configuration, new DebugLogger(false));
    await expect(validateConfiguration({ ...configuration, x: 1 }, new DebugLogger(false))).rejects.toThrow(
      /unknown/,
    );
    expect(configuration.pkg).toMatchObject({ isRelocatable: false, isVersionChecked: false });
  });

  it('package-lock.json names no registry', () => {
    expect(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});
