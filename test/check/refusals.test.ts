import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRefusal, type Refusal, readRefusals, rememberRefusal } from '../../src/check/refusals.ts';
import { parseVersion } from '../../src/version.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const NOW = new Date('2026-03-12T12:00:00Z');

function mismatch(sha256: string, contains: readonly string[] = ['2.0.0.31']): Refusal {
  return { sha256, kind: 'payload-version-mismatch', contains, rememberedAt: '2026-03-01T00:00:00.000Z' };
}

function failedStart(sha256: string, rememberedAt = NOW.toISOString()): Refusal {
  return { sha256, kind: 'failed-start', rememberedAt };
}

async function refusalsIn(stateFolder: string): Promise<readonly Refusal[]> {
  const { refusals, warnings } = await readRefusals(stateFolder);
  expect(warnings).toEqual([]);
  return refusals;
}

describe('refusals', () => {
  it('are none where nothing was remembered', async () => {
    expect(await refusalsIn(await temporaryFolder())).toEqual([]);
    expect(await refusalsIn(join(await temporaryFolder(), 'absent'))).toEqual([]);
  });

  it('are kept in one private file, whatever came before', async () => {
    const folder = join(await temporaryFolder(), 'deep', 'state');
    await rememberRefusal(folder, mismatch(A), NOW);
    await rememberRefusal(folder, failedStart(A), NOW);
    await rememberRefusal(folder, mismatch(B.toUpperCase()), NOW);
    expect(await refusalsIn(folder)).toEqual([mismatch(A), failedStart(A), mismatch(B)]);
    expect(await readdir(folder)).toEqual(['refusals.json']);
    expect((await stat(join(folder, 'refusals.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('replace an older one of their kind for the same bytes', async () => {
    const folder = await temporaryFolder();
    await rememberRefusal(folder, mismatch(A, ['1']), NOW);
    await rememberRefusal(folder, failedStart(A, '2026-03-10T00:00:00Z'), NOW);
    await rememberRefusal(folder, failedStart(A), NOW);
    await rememberRefusal(folder, mismatch(A, ['2']), NOW);
    expect(await refusalsIn(folder)).toEqual([failedStart(A), mismatch(A, ['2'])]);
  });

  it('go when a failed start has worn off; a wrong payload stays for good', async () => {
    const folder = await temporaryFolder();
    await rememberRefusal(folder, { ...mismatch(A), rememberedAt: '2001-01-01T00:00:00Z' }, NOW);
    await rememberRefusal(folder, failedStart(A, '2026-03-05T12:00:00Z'), NOW);
    await rememberRefusal(folder, failedStart(B, '2026-03-05T12:00:01Z'), NOW);
    await rememberRefusal(folder, mismatch('c'.repeat(64)), NOW);
    expect((await refusalsIn(folder)).map(({ sha256, kind }) => `${sha256[0]} ${kind}`)).toEqual([
      'a payload-version-mismatch',
      'b failed-start',
      'c payload-version-mismatch',
    ]);
  });

  it.each<[string, string | Buffer]>([
    ['cut off', `[{"sha256": "${A}", "kind": "fai`],
    ['empty', ''],
    ['not UTF-8', Buffer.from([0xff, 0xfe, 0x00])],
    ['no list', '{"refusals": []}'],
    ['null', 'null'],
  ])('are empty with a warning when their file is %s, and can be written again', async (_name, content) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'refusals.json');
    await writeFile(path, content);
    const { refusals, warnings } = await readRefusals(folder);
    expect(refusals).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(path);
    await rememberRefusal(folder, mismatch(A), NOW);
    expect(await refusalsIn(folder)).toEqual([mismatch(A)]);
    expect(await readFile(`${path}.damaged`)).toEqual(Buffer.from(content));
  });

  it('keep the records that can be read beside those that cannot', async () => {
    const folder = await temporaryFolder();
    const records = [
      mismatch(A),
      { ...mismatch(B), contains: 'text' },
      { ...failedStart(B), rememberedAt: 'yesterday' },
      { ...failedStart(B), sha256: 'short' },
      { ...failedStart(B), sha256: `x${B}` },
      { ...failedStart(B), sha256: `${B}0` },
      { ...failedStart(B), kind: 'other' },
      null,
      failedStart(B),
    ];
    await writeFile(join(folder, 'refusals.json'), JSON.stringify(records));
    const { refusals, warnings } = await readRefusals(folder);
    expect(refusals).toEqual([mismatch(A), failedStart(B)]);
    expect(warnings).toHaveLength(1);
  });

  it('do not come through a link or a folder', async () => {
    const folder = await temporaryFolder();
    const elsewhere = join(folder, 'elsewhere.json');
    await writeFile(elsewhere, JSON.stringify([mismatch(A)]));
    await symlink(elsewhere, join(folder, 'refusals.json'));
    expect(await readRefusals(folder)).toMatchObject({
      refusals: [],
      warnings: [expect.stringContaining('ELOOP')],
    });
    const other = await temporaryFolder();
    await mkdir(join(other, 'refusals.json'));
    expect(await readRefusals(other)).toMatchObject({ refusals: [], warnings: [expect.any(String)] });
  });
});

describe('findRefusal', () => {
  const offer = { sha256: A, version: parseVersion('2.0.0.46') };

  it('tells which record holds an offer back', () => {
    const asked = { now: NOW, isManual: false };
    expect(findRefusal([], offer, asked)).toBeNull();
    expect(findRefusal([mismatch(B), failedStart(B)], offer, asked)).toBeNull();
    expect(findRefusal([failedStart(A), mismatch(A)], offer, asked)).toEqual(mismatch(A));
    expect(findRefusal([failedStart(A), mismatch(A, ['2.0.0.46'])], offer, asked)).toEqual(failedStart(A));
    expect(findRefusal([failedStart(A)], offer, { ...asked, isManual: true })).toBeNull();
    const kept = { ...mismatch(A, ['2.0.0.46']), rememberedAt: NOW.toISOString() };
    expect(findRefusal([kept], offer, asked)).toBeNull();
    expect(findRefusal([mismatch(A)], offer, { ...asked, isManual: true })).toEqual(mismatch(A));
  });
});
