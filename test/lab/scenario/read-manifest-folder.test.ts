import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BuildPlan, buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { loadLab } from '../../../src/lab/scenario/load-lab.ts';
import { readOffers } from '../../../src/lab/scenario/read-manifest-folder.ts';
import type { Offer } from '../../../src/lab/scenario/scenario.ts';
import { writeManifest } from '../../../src/lab/scenario/write-manifest.ts';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../../support/fixtures.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const MANIFESTS = join(FIXTURES, 'manifests');

type Keys = Readonly<Record<string, unknown>>;

function manifest(
  version: string,
  sha256: string,
  { artifact, ...top }: Keys & { artifact?: Keys } = {},
): string {
  const common = { type: 'dmg', url: '', size: 300_000_000, sha256, min_os: '11.0' };
  return JSON.stringify({ version, build: version, artifact: { ...common, ...artifact }, ...top });
}

async function offersOf(files: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, Offer>> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return new Map((await readOffers(folder, 'given')).map((offer) => [offer.name, offer]));
}

function filesOf(offer: Offer | undefined): readonly string[] {
  return (offer?.manifests ?? []).map(({ file }) => file);
}

describe('readOffers', () => {
  it('makes an offer of each manifest, and one of the whole series', async () => {
    const offers = await offersOf({ 'one.json': manifest('1.0', A), 'two.json': manifest('1.1', B) });
    expect([...offers.keys()]).toEqual(['one', 'two', 'history']);
    expect(offers.get('one')).toMatchObject({ origin: 'given', shows: null, manifests: [{ checks: 3 }] });
    expect(offers.get('history')?.manifests.map(({ checks }) => checks)).toEqual([2, 2]);
  });

  it('takes the files that the doctor takes', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'folder.json'));
    for (const name of ['.hidden.json', 'notes.txt', 'b.json', 'a.json']) {
      await writeFile(join(folder, name), manifest('1.0', A));
    }
    const offers = await readOffers(folder, 'real');
    expect(offers.map(({ name }) => name)).toEqual(['a', 'b', 'history']);
  });

  it('takes one sha256 for one build, of the lowest version that was offered with it', async () => {
    const offers = await offersOf({
      'a.json': manifest('2.0.0.46', A.toUpperCase(), { artifact: { min_os: '12.0' } }),
      'b.json': manifest('2.0.0.31', A),
      'c.json': manifest('2.0.0.47', B),
    });
    const expected = buildPlan('2.0.0.31', { label: 'aaaaaaaa' });
    expect(offers.get('a')?.manifests[0]?.promised).toEqual(expected);
    expect(offers.get('b')?.manifests[0]?.promised).toEqual(expected);
    expect(offers.get('c')?.manifests[0]?.promised).toEqual(buildPlan('2.0.0.47', { label: 'bbbbbbbb' }));
  });

  it.each<[string, Keys, Partial<BuildPlan>]>([
    ['its macOS', { artifact: { min_os: '13.0' } }, { minimumOs: '13.0' }],
    ['11.0 where that is none', { artifact: { min_os: 'Sonoma' } }, { minimumOs: '11.0' }],
    ['its whole build number', { build: 20600 }, { bundleVersion: '20600' }],
    ['its version where the build number is none', { build: 'next' }, { bundleVersion: '2.6.0' }],
    ['a text where the type is no image', { artifact: { type: 'txt' } }, { kind: 'text' }],
    ['a text where no image is so small', { artifact: { size: 1023 } }, { kind: 'text' }],
    ['an app from 1 kB on', { artifact: { size: 1024 } }, { kind: 'app' }],
    ['a build of its own where it has no sha256', { artifact: { sha256: 'TODO' } }, { label: '' }],
  ])('promises %s', async (_, keys, expected) => {
    const offers = await offersOf({ 'a.json': manifest('2.6.0', A, keys) });
    const promised = buildPlan('2.6.0', { label: 'aaaaaaaa', ...expected });
    expect(offers.get('a')?.manifests[0]?.promised).toEqual(promised);
  });

  it('promises nothing where nobody knows a version of it', async () => {
    const offers = await offersOf({ 'a.json': manifest('next', A), 'b.json': manifest('2.6.0-rc1', 'TODO') });
    expect(offers.get('a')?.manifests[0]).toMatchObject({ promised: null, version: 'next' });
    expect(offers.get('b')?.manifests[0]).toMatchObject({ promised: null });
  });

  it.each([
    ['is no JSON', '{ "version": "1.0"'],
    ['is no mapping', '["1.0"]'],
    ['is empty', ''],
  ])('serves a file that %s as it is', async (_, text) => {
    const offers = await offersOf({ 'a.json': text });
    expect(offers.get('a')?.manifests[0]).toMatchObject({
      document: null,
      text,
      promised: null,
      version: null,
    });
  });

  it('puts the series in the order in which it was seen, then released, then named', async () => {
    const dated = (day: string, sha256 = A): string => manifest('1.0', sha256, { release_date: day });
    const offers = await offersOf({
      '2026-03-05_seen-first-released-later.json': dated('2026-03-09T00:00:00Z'),
      '2026-03-06_b.json': dated('2026-03-01T02:00:00Z'),
      '2026-03-06_a.json': dated('2026-03-01T03:00:00Z'),
      'no-date.json': manifest('1.0', A),
      'b-released.json': dated('2026-03-06T23:00:00Z'),
      'a-released.json': dated('2026-03-06T23:00:00Z'),
      '2026-13-45_no-such-day.json': dated('2026-03-07T00:00:00Z'),
    });
    expect(filesOf(offers.get('history'))).toEqual([
      '2026-03-05_seen-first-released-later.json',
      '2026-03-06_b.json',
      '2026-03-06_a.json',
      'a-released.json',
      'b-released.json',
      '2026-13-45_no-such-day.json',
      'no-date.json',
    ]);
  });

  it('tells the channel as the doctor does', async () => {
    const beta = 'https://github.com/Seregawpn/Nexy_production/releases/download/UpdateBeta/Nexy.dmg';
    const offers = await offersOf({
      'by-key.json': manifest('1.0', A, { channel: 'beta' }),
      'by-tag.json': manifest('1.0', A, { artifact: { url: beta } }),
      'manifest_beta.json': manifest('1.0', A),
      'other.json': manifest('1.0', A),
    });
    const channels = [...offers.values()].slice(0, -1).map(({ manifests: [first] }) => first?.channel);
    expect(channels).toEqual(['beta', 'beta', 'beta', 'stable']);
  });

  it('has names that a command line bears', async () => {
    const offers = await offersOf({ 'a b\u001b[31m.json': manifest('1.0', A) });
    expect([...offers.keys()]).toEqual(['a-b--31m', 'history']);
    expect(offers.get('a-b--31m')?.description).not.toMatch(/\p{Cc}/u);
  });

  it('refuses a folder without manifests, and a manifest that is far too large', async () => {
    const folder = await temporaryFolder();
    await expect(readOffers(folder, 'given')).rejects.toMatchObject({ code: 'usage' });
    await expect(readOffers(join(folder, 'nowhere'), 'given')).rejects.toMatchObject({ code: 'usage' });
    await writeFile(join(folder, 'a.json'), 'x'.repeat(300_000));
    await expect(readOffers(folder, 'given')).rejects.toMatchObject({ code: 'manifest-unreachable' });
  });
});

describe('loadLab with folders of manifests', () => {
  it('lets a given manifest take the place of a real one of its name, and its series that of the real one', async () => {
    const [real, given] = [await temporaryFolder(), await temporaryFolder()];
    await writeFile(join(real, 'a.json'), manifest('1.0', A));
    await writeFile(join(real, 'b.json'), manifest('1.1', B));
    await writeFile(join(given, 'b.json'), manifest('1.2', B));
    const { offers } = await loadLab({ manifests: given, realManifests: real });
    const found = offers.filter(({ name }) => ['a', 'b', 'history'].includes(name));
    expect(found.map(({ name, origin, manifests }) => [name, origin, manifests.length])).toEqual([
      ['b', 'given', 1],
      ['history', 'given', 1],
      ['a', 'real', 1],
    ]);
  });

  it('refuses a manifest with the name of an offer of the lab', async () => {
    const given = await temporaryFolder();
    await writeFile(join(given, 'version-tag.json'), manifest('1.0', A));
    await expect(loadLab({ manifests: given })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('two offers called "version-tag"'),
    });
  });
});

describe.skipIf(!HAS_FIXTURES)(`the real manifests${NEEDS_FIXTURES}`, async () => {
  const offers = HAS_FIXTURES ? (await loadLab({ realManifests: MANIFESTS })).offers : [];
  const history = offers.find(({ name }) => name === 'history');

  it('are 19 offers and their history', () => {
    expect(offers.filter(({ origin }) => origin === 'real')).toHaveLength(20);
    expect(history?.manifests).toHaveLength(19);
  });

  it('go by the dates in their names on each channel', () => {
    const days = (history?.manifests ?? []).map(({ file }) => file.slice(0, 10));
    expect(days).toEqual(days.toSorted());
    const versions = (channel: string) =>
      (history?.manifests ?? []).filter((one) => one.channel === channel).map(({ version }) => version);
    expect(versions('beta')).toEqual(['2.0.0.19', '2.0.0.20', '2.0.0.31', '2.0.0.46']);
    expect(versions('stable').slice(0, 3)).toEqual(['2.6.0', '2.6.0', '1.6.1.33']);
    expect(versions('stable').slice(-3)).toEqual(['2.0.0.32', '2.0.0.40', '2.0.0.46']);
  });

  it('promise the bytes of 2.0.0.31 as 2.0.0.46, and the text file as three versions', () => {
    const promised = (ending: string) =>
      history?.manifests.find(({ file }) => file.endsWith(ending))?.promised;
    expect(promised('_92cb3c.json')).toEqual(buildPlan('2.0.0.31', { label: '8324c4f9' }));
    expect(promised('_f5c2a8.json')).toEqual(promised('_92cb3c.json'));
    expect(promised('_48ba52.json')).toEqual(buildPlan('2.0.0.46', { label: '744e06ab' }));
    const texts = history?.manifests.filter((one) => one.promised?.kind === 'text') ?? [];
    expect(texts.map(({ version }) => version)).toEqual(['2.6.0', '2.6.0', '1.6.1.33', '1.6.1.38']);
    expect(new Set(texts.map((one) => one.promised)).size).toBe(1);
  });

  it('are served as they were but for the host and the figures of the stand-ins', () => {
    for (const offered of history?.manifests ?? []) {
      const { bytes, promised } = writeManifest(offered, {
        downloadBase: 'https://github.com',
        sign: () => '',
      });
      const { artifact, ...rest } = JSON.parse(Buffer.from(bytes).toString());
      const { artifact: real, ...realRest } = offered.document ?? {};
      expect(rest).toEqual(realRest);
      expect(artifact).toEqual({ ...(real as Keys), size: promised?.bytes.length, sha256: promised?.sha256 });
      expect(Object.keys(artifact)).toEqual(Object.keys(real as Keys));
    }
  });
});
