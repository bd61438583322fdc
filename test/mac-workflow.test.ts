import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parsePropertyList } from '../src/bundle/property-list.ts';
import {
  type BuilderConfiguration,
  builderArguments,
  testConfiguration,
} from './mac/support/builder-configuration.ts';
import { describeReports } from './mac/support/contract-report.ts';
import { bundleMain } from './mac/support/package-nexy.ts';
import { standingOf } from './mac/support/row-standing.ts';
import {
  componentsOf,
  pkgbuildArguments,
  productbuildArguments,
  signArguments,
} from './mac/support/tool-arguments.ts';
import { rootWords } from './mac/support/where.ts';
import { rows as codesignRows } from './macos-tools/contract/codesign.ts';
import { rows as installerRows } from './macos-tools/contract/installer.ts';
import type { ContractRow } from './macos-tools/contract.ts';
import { compilerArguments } from './support/compile-program.ts';
import { REPOSITORY } from './support/fixtures.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const readText = (...path: readonly string[]) => readFileSync(join(REPOSITORY, ...path), 'utf8');

describe('.github/workflows/macos.yml', () => {
  interface Step {
    readonly run?: string;
    readonly uses?: string;
    readonly with?: Readonly<Record<string, unknown>>;
    readonly env?: Readonly<Record<string, string>>;
  }
  const workflow = parse(readText('.github', 'workflows', 'macos.yml')) as {
    readonly on: Readonly<Record<string, unknown>>;
    readonly permissions: object;
    readonly jobs: {
      readonly test: {
        readonly permissions: object;
        readonly strategy: { readonly matrix: { readonly runner: readonly string[] } };
        readonly 'runs-on': string;
        readonly 'timeout-minutes': number;
        readonly steps: readonly Step[];
      };
    };
  };
  const { test } = workflow.jobs;
  const scripts = test.steps.map(({ run = '' }) => run).filter((run) => run !== '');

  it('may read the sources, and nothing else', () => {
    expect(workflow.permissions).toEqual({});
    expect(Object.keys(workflow.jobs)).toEqual(['test']);
    expect(test.permissions).toEqual({ contents: 'read' });
    const checkout = test.steps.find(({ uses = '' }) => uses.startsWith('actions/checkout@'));
    expect(checkout?.with).toEqual({ 'persist-credentials': false });
    expect(readText('.github', 'workflows', 'macos.yml')).not.toContain('secrets.');
    // It runs what a pull request brings, so it must not run with the rights of the repository.
    expect(workflow.on).not.toHaveProperty('pull_request_target');
  });

  it('names the Macs that it runs on, of both processors', () => {
    const { runner } = test.strategy.matrix;
    expect(test['runs-on']).toMatch(/^\$\{\{ matrix\.runner \}\}$/);
    expect(runner.length).toBeGreaterThan(1);
    for (const name of runner) expect(name).toMatch(/^macos-\d+(?:-intel)?$/);
    expect(runner.some((name) => name.endsWith('-intel'))).toBe(true);
    expect(runner.some((name) => !name.endsWith('-intel'))).toBe(true);
    expect(test['timeout-minutes']).toBeLessThanOrEqual(90);
  });

  it('uses actions of a fixed version, as the other workflow does', () => {
    for (const { uses } of test.steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
  });

  it('runs only what is here, and puts nothing into the text of a script', () => {
    const known: { readonly scripts: object; readonly devDependencies: object } = JSON.parse(
      readText('package.json'),
    );
    for (const script of scripts) {
      expect(script).not.toContain('${{');
      for (const [, name = ''] of script.matchAll(/npm run ([\w:-]+)/g))
        expect(known.scripts).toHaveProperty(name);
      for (const [, program = ''] of script.matchAll(/npx ([\w-]+)/g))
        expect(known.devDependencies).toHaveProperty(program);
      for (const [, file = ''] of script.matchAll(/--config (\S+)/g))
        expect(existsSync(join(REPOSITORY, file)), file).toBe(true);
    }
    expect(scripts.filter((script) => script.includes('npm run test:mac'))).toHaveLength(1);
  });

  it('lets packages be installed as root, and writes the report where it is picked up', () => {
    const tests = test.steps.find(({ run = '' }) => run.includes('test:mac'));
    const upload = test.steps.find(({ uses = '' }) => uses.startsWith('actions/upload-artifact@'));
    expect(tests?.env).toEqual({ NEXY_MAC_SUDO: '1', NEXY_MAC_REPORT: upload?.with?.['path'] });
  });
});

describe('what a contract row is worth on a Mac', () => {
  const all = { hasFixtures: true, assesses: true, mayUseRoot: true };
  const bare = { hasFixtures: false, assesses: false, mayUseRoot: false };
  const row = (rows: readonly ContractRow[], name: string): ContractRow => {
    const found = rows.find((each) => each.name === name);
    if (found === undefined) throw new Error(`There is no row "${name}".`);
    return found;
  };
  const seen = row(codesignRows, 'verify: a good app, in words');

  it('has to hold where somebody saw a Mac do it', () => {
    expect(standingOf(seen, all)).toEqual({ standing: 'asserted', reason: '' });
  });

  it('is told to a maintainer where it is a guess, for the double alone, or cannot be compared', () => {
    expect(standingOf(seen, bare).standing).toBe('observed');
    expect(standingOf({ ...seen, runsOn: 'double' }, all).standing).toBe('observed');
    expect(standingOf({ ...seen, source: 'unverified: the words' }, all).standing).toBe('observed');
    expect(standingOf({ ...seen, source: 'a table, not recorded' }, all).standing).toBe('observed');
    const assessed: ContractRow = { ...seen, tool: 'spctl' };
    expect(standingOf(assessed, { ...all, assesses: false }).standing).toBe('observed');
    expect(standingOf(assessed, all).standing).toBe('asserted');
  });

  it('is not tried where it needs root that nobody allowed', () => {
    const installs = row(installerRows, 'installs what is in the payload, and leaves a receipt');
    expect(standingOf(installs, bare).standing).toBe('not tried');
    expect(standingOf(installs, all).standing).toBe('observed');
  });

  it('is reported with what the tool really said', () => {
    const result = { status: 1, stdout: 'out\n', stderr: 'other words\n' };
    const guess = { ...seen, name: 'a guess', source: 'unverified: the words' };
    const trial = { differences: ['status 1, expected 0'], result };
    const text = describeReports(
      [
        { row: seen, standing: 'asserted', reason: '', trial: { differences: [], result } },
        { row: guess, standing: 'observed', reason: 'The row is a guess so far.', trial },
      ],
      'ProductVersion: 26.1',
    );
    expect(text).toContain('ProductVersion: 26.1');
    expect(text).toContain('1 rows asserted, 0 of them differ; 1 observed, 1 of them differ; 0 not tried.');
    expect(text).toContain('## Observed, and differs');
    expect(text).toContain('### codesign: a guess');
    expect(text).toContain('stderr "other words\\n"');
    expect(text).not.toContain(seen.name);
  });
});

describe('what is handed to the tools of a Mac', () => {
  it('is a requirement that a next version can satisfy, on the app alone', () => {
    expect(signArguments('/a/Nexy.app', 'com.nexy.assistant')).toEqual([
      ['--force', '--sign', '-', '--deep', '/a/Nexy.app'],
      ['--force', '--sign', '-', '-r=designated => identifier "com.nexy.assistant"', '/a/Nexy.app'],
    ]);
  });

  it('is a package that goes to one place only', () => {
    const parts = {
      folder: '/made',
      identifier: 'com.example',
      version: '1.2',
      installLocation: '/place',
      componentList: '/list',
    };
    expect(pkgbuildArguments(parts, '/out.pkg').join(' ')).toBe(
      '--root /made --component-plist /list --identifier com.example --version 1.2 --install-location /place /out.pkg',
    );
    expect(productbuildArguments('/component.pkg', '/out.pkg')).toEqual([
      '--package',
      '/component.pkg',
      '/out.pkg',
    ]);
    expect(componentsOf('Nexy.app')).toEqual([
      expect.objectContaining({
        RootRelativeBundlePath: 'Nexy.app',
        BundleIsRelocatable: false,
        BundleIsVersionChecked: false,
      }),
    ]);
  });

  it('is a program for both processors', () => {
    expect(compilerArguments(['arm64', 'x86_64'], '/a.c', '/a').join(' ')).toBe(
      '-arch arm64 -arch x86_64 -mmacosx-version-min=11.0 -o /a /a.c',
    );
  });

  it('is done as root only where that was allowed', () => {
    if (process.getuid?.() === 0) expect(rootWords({})).toEqual([]);
    else expect(rootWords({})).toBeNull();
  });
});

describe('the packaged test app', () => {
  const shipped: BuilderConfiguration = parse(readText('electron-builder.yml'));
  const build = { output: '/out', mainFolder: '/main', main: 'test-main.js', version: '2.0.0.45' };

  it('differs from what ships in main, version, signature, and the fuse that lets Playwright in', async () => {
    const configuration = testConfiguration(shipped, build);
    const builder = createRequire(createRequire(import.meta.url).resolve('electron-builder'));
    const { validateConfiguration } = builder('app-builder-lib/out/util/config/config');
    const { DebugLogger } = builder('builder-util');
    await validateConfiguration(configuration, new DebugLogger(false));
    const changed = Object.keys(configuration).filter(
      (key) => JSON.stringify(configuration[key]) !== JSON.stringify(shipped[key]),
    );
    expect(changed.toSorted()).toEqual(['directories', 'electronFuses', 'extraMetadata', 'files', 'mac']);
    expect({ ...configuration.electronFuses, enableNodeCliInspectArguments: false }).toEqual(
      shipped.electronFuses,
    );
    expect(configuration.mac).toEqual({
      ...shipped.mac,
      identity: null,
      notarize: false,
      bundleVersion: '2.0.0.45',
      bundleShortVersion: '2.0.0.45',
    });
    expect(builderArguments('/c.json', 'arm64')).toEqual(
      '--mac dir --arm64 --publish never --config /c.json'.split(' '),
    );
  });

  it('runs the sources that ship: its main imports them from dist, and brings none of its own', async () => {
    const output = join(await temporaryFolder(), 'test-main.js');
    await bundleMain(output);
    const text = readFileSync(output, 'utf8');
    const imported = [...text.matchAll(/^import .* from "([^"]+)";$/gm)].map(([, name]) => name);
    expect(imported.toSorted()).toEqual(['./dist/electron/nexy-app.js', 'electron', 'node:fs', 'node:path']);
    expect(existsSync(join(REPOSITORY, 'src', 'electron', 'nexy-app.ts'))).toBe(true);
  });
});

describe('docs/MAC_CHECKLIST.md', () => {
  const text = readText('docs', 'MAC_CHECKLIST.md');

  it('numbers its items without a gap', () => {
    const numbers = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(30);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it('has a profile that sets the very keys which the app reads', () => {
    const profile = /```xml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const { PayloadContent, PayloadType } = parsePropertyList(Buffer.from(profile), 'the profile');
    expect(PayloadType).toBe('Configuration');
    const [payload] = PayloadContent as readonly Readonly<Record<string, unknown>>[];
    const source = readText('src', 'electron', 'managed-preferences.ts');
    const read = [...source.matchAll(/'(Nexy[A-Za-z]+)'/g)].map(([, key = '']) => key);
    const set = Object.keys(payload ?? {}).filter((key) => !key.startsWith('Payload'));
    expect(read.length).toBeGreaterThan(0);
    expect(set.toSorted()).toEqual(read.toSorted());
    expect(payload?.['PayloadType']).toBe(parse(readText('resources', 'updater.yml')).bundle_id);
  });
});
