import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UpdateError } from '../../../src/errors.ts';
import { buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { loadLab, readScenario } from '../../../src/lab/scenario/load-lab.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function refusalOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await folderOf(files);
  const error = await loadLab({ folders: [folder] }).then(
    () => null,
    (cause: unknown) => cause,
  );
  if (!(error instanceof UpdateError)) throw error ?? new Error('It was accepted.');
  expect(error.code).toBe('usage');
  return error.message;
}

const HOST = 'title: A host\npublishes: [version]\n';
const OFFER = 'title: An offer\nmanifests: [{ version: 2.0.0.46 }]\n';

describe('loadLab', () => {
  it('knows every state of the release host and every kind of client by the name of its file', async () => {
    const { hosts, clients, offers } = await loadLab();
    expect(hosts.map(({ name }) => name)).toEqual([
      'as-named',
      'asset-missing',
      'both',
      'bridged',
      'channels-mixed',
      'fixed-tag-changed',
      'fixed-tags-only',
      'redirect-host-down',
      'version-tag-late',
      'version-tags-only',
    ]);
    expect(new Set(clients.map(({ model }) => model))).toEqual(new Set(['ours', 'manifest', 'appcast']));
    expect(offers.every(({ origin }) => origin === 'generated')).toBe(true);
  });

  it('every file has a title and a description, in the words of a heading and of a sentence', async () => {
    const { hosts, clients, offers } = await loadLab();
    for (const { title, description } of [...hosts, ...clients, ...offers]) {
      expect(title).not.toMatch(/\.$/);
      expect(description).toMatch(/^[A-Z\d].+\.$/s);
    }
    for (const items of [hosts, clients, offers]) {
      expect(new Set(items.map(({ title }) => title)).size).toBe(items.length);
    }
  });

  it('clients at 2.6.0 have it installed, those on an old macOS have that, all others 1.5.0 on 15.5', async () => {
    const { clients } = await loadLab();
    for (const { name, macos, installed } of clients) {
      expect(installed.version).toBe(name.endsWith('-at-2.6.0') ? '2.6.0' : '1.5.0');
      const old = /-on-macos-(\d+)$/.exec(name)?.[1];
      expect(macos).toBe(old === undefined ? '15.5' : { 11: '11.7.10', 12: '12.7.6' }[old]);
    }
  });

  it('takes further folders, each with any of the four', async () => {
    const one = await folderOf({ 'offers/mine.yml': OFFER });
    const other = await folderOf({
      'hosts/empty.yaml': HOST,
      'hosts/.hidden.yml': 'x',
      'hosts/notes.txt': 'x',
      'scenarios/mine.yml': 'title: Both are mine\noffer: mine\nhost: empty\n',
    });
    const { offers, hosts, scenarios } = await loadLab({ folders: [one, other] });
    expect(offers.find(({ name }) => name === 'mine')).toMatchObject({ origin: 'given', title: 'An offer' });
    expect(hosts.find(({ name }) => name === 'empty')).toMatchObject({
      releases: [],
      events: [],
      faults: [],
    });
    expect(scenarios.find(({ name }) => name === 'mine')).toMatchObject({
      title: 'Both are mine',
      offer: { name: 'mine' },
      host: { name: 'empty' },
    });
  });

  it('refuses names that occur twice, that no command line bears, and folders without data', async () => {
    expect(await refusalOf({ 'hosts/both.yml': HOST })).toMatch(/two hosts called "both".*both\.yml/);
    expect(await refusalOf({ 'offers/a.yml': OFFER, 'offers/a.yaml': OFFER })).toMatch(
      /two offers called "a"/,
    );
    expect(await refusalOf({ 'offers/a b.yml': OFFER })).toMatch(/Rename the file/);
    expect(await refusalOf({ 'readme.md': '' })).toMatch(/no data file/);
    await expect(loadLab({ folders: ['/nowhere'] })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a wrong data file is refused with the file, the key and what is expected', () => {
  it.each([
    ['hosts', 'title: x\npublishes: [elsewhere]\n', /publishes\.0 must be .*"fixed".*"version".*elsewhere/],
    ['hosts', `${HOST}colour: red\n`, /colour is no key that is known here\. There are title, description/],
    ['hosts', 'publishes: [fixed]\n', /title is missing/],
    ['hosts', `${HOST}releases: [{ tag: fixed, holds: { version: 1.0.0, os: x } }]\n`, /holds\.os is no key/],
    ['hosts', `${HOST}faults: [{ on: asset, status: 200 }]\n`, /faults\.0\.status must be >=400, and is 200/],
    ['offers', 'title: x\nmanifests: []\n', /manifests must be >=1/],
    [
      'offers',
      'title: x\nmanifests: [{ version: 2.6 }]\n',
      /version must be string \(write it in quotes\), and is 2\.6/,
    ],
    ['offers', 'title: x\nmanifests: [{ version: 1.0.0, checks: 99 }]\n', /checks must be <=24, and is 99/],
    ['offers', 'a text\n', /The file must be a mapping/],
    ['offers', '', /The file must be a mapping/],
    ['clients', 'title: x\nmodel: squirrel\n', /model must be .*"ours".*"manifest".*"appcast".*squirrel/],
    [
      'clients',
      'title: x\nmodel: ours\nmacos: Sequoia\ninstalled: { version: 1.0.0 }\n',
      /macos must be .*Sequoia/,
    ],
    [
      'scenarios',
      'title: x\noffer: { title: y, manifests: [{ vresion: 1.0.0 }] }\nhost: both\n',
      /offer\.manifests\.0\.vresion is no key/,
    ],
    ['scenarios', 'title: x\noffer: nothing\nhost: both\n', /no offer "nothing"; there are .*version-tag/],
  ])('%s: %j', async (kind, text, expected) => {
    const message = await refusalOf({ [`${kind}/wrong.yml`]: text });
    expect(message).toMatch(expected);
    expect(message).toContain('wrong.yml');
    expect(message).toContain('Correct the file.');
  });

  it.each([
    ['is no YAML', 'title: [', /no YAML/],
    ['has one key twice', `${HOST}title: again\n`, /no YAML that can be read \(Map keys must be unique/],
    [
      'has aliases that multiply',
      `a: &a [x, x]\n${[...'abcdefgh'].map((to, at, all) => (at === 0 ? '' : `${to}: &${to} [${`*${all[at - 1]}, `.repeat(9)}]`)).join('\n')}\n`,
      /no YAML that can be read \(Excessive alias count/,
    ],
    ['is nested without end', `title: ${'['.repeat(30_000)}`, /no YAML/],
    ['is too large', `# ${'x'.repeat(70_000)}\n${HOST}`, /larger than 64 KiB/],
    ['has a tag of its own', 'title: !!js/function x\n', /no YAML/],
  ])('%s', async (_, text, expected) => {
    expect(await refusalOf({ 'hosts/wrong.yml': text })).toMatch(expected);
  });

  it('is no file at all', async () => {
    const folder = await folderOf({});
    await mkdir(join(folder, 'hosts'));
    await symlink('/dev/zero', join(folder, 'hosts', 'endless.yml'));
    await expect(loadLab({ folders: [folder] })).rejects.toMatchObject({
      message: expect.stringContaining('not a regular file'),
    });
  });

  it('shows nothing of a file that a terminal would act on', async () => {
    const message = await refusalOf({ 'hosts/wrong.yml': `"\\e[31mred\\u202e": 1\n${HOST}` });
    expect(message).toContain('\\\\u001b[31mred\\\\u202e'.replaceAll('\\\\', '\\'));
    expect(message).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

describe('readScenario', () => {
  it('reads a file by its path that names nothing and writes all out', async () => {
    const folder = await folderOf({
      'late.yml': `
title: Published an hour late
offer:
  title: The second version has the bytes of the first
  manifests:
    - { version: 2.0.0.45 }
    - { version: 2.0.0.46, build: { version: 2.0.0.45 }, url: fixed-tag, channel: beta, checks: 1 }
host:
  title: An empty one
  publishes: [version]
  events: [{ after: check, check: 1, tag: { name: Extra }, holds: promised }]
`,
    });
    const scenario = await readScenario(join(folder, 'late.yml'), { offers: [], hosts: [] });
    expect(scenario).toMatchObject({
      name: 'late',
      title: 'Published an hour late',
      offer: {
        name: 'late',
        origin: 'given',
        shows: null,
        manifests: [
          { file: 'late-1.json', version: '2.0.0.45', channel: 'stable', checks: 3 },
          { file: 'late-2.json', version: '2.0.0.46', channel: 'beta', checks: 1 },
        ],
      },
      host: { name: 'late', publishes: ['version'], events: [{ after: 'check', tag: { name: 'Extra' } }] },
    });
    const [first, second] = scenario.offer.manifests;
    expect(first?.promised).toEqual(buildPlan('2.0.0.45'));
    expect(second?.promised).toEqual(first?.promised);
    expect(second?.document).toMatchObject({
      artifact: { url: 'https://github.com/Seregawpn/Nexy_production/releases/download/UpdateBeta/Nexy.dmg' },
    });
  });

  it('says that a file is not there', async () => {
    await expect(readScenario('/nowhere/x.yml', { offers: [], hosts: [] })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('There is no such file.'),
    });
  });
});
