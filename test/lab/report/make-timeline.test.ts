import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HistoryReport } from '../../../src/lab/report/lab-report.ts';
import { makeTimeline } from '../../../src/lab/report/make-timeline.ts';
import { POLICY, releaseOf, sampleManifest, toBytes } from '../../manifest/sample.ts';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../../support/fixtures.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('makeTimeline', () => {
  it('puts manifests in the order of their dates, and those without one last, as they were given', () => {
    const dated = (file: string, date: unknown) => ({
      file,
      bytes: toBytes(sampleManifest({ release_date: date })),
    });
    const { manifests } = makeTimeline(
      [
        dated('undated', undefined),
        dated('second', '2026-03-09T00:30:26.561075+00:00'),
        dated('no-date', 'in spring'),
        dated('last', '2026-03-09T01:30:26.561076+01:00'),
        dated('first', '2025-11-05'),
      ],
      POLICY,
    );
    expect(manifests.map(({ file }) => file)).toEqual(['first', 'second', 'last', 'undated', 'no-date']);
    expect(manifests.map(({ date }) => date).slice(3)).toEqual([null, 'in spring']);
  });

  it('says of each what the doctor says, and of the series what has drifted', () => {
    const sample = (version: string, date: string, sha256: string, url: string) =>
      toBytes(sampleManifest({ version, release_date: date }, { sha256, url }));
    const { manifests, drifts } = makeTimeline(
      [
        { file: 'foreign', bytes: sample('2.0.1', '2026-03-03', B, 'https://example.com/Nexy.dmg') },
        { file: 'fixed', bytes: sample('2.0.0', '2026-03-02', A, releaseOf('Update')) },
        { file: 'again', bytes: sample('1.9', '2026-03-04', A, releaseOf('v1.9')) },
        { file: 'broken', bytes: toBytes('{') },
        { file: 'gone', bytes: null, problem: 'There is no such file.' },
      ],
      POLICY,
    );
    expect(manifests.map(({ file, verdict }) => [file, verdict])).toEqual([
      ['fixed', 'warn'],
      ['foreign', 'reject'],
      ['again', 'ok'],
      ['broken', 'reject'],
      ['gone', 'reject'],
    ]);
    expect(manifests[0]).toMatchObject({ sha256: A, size: 308_005_520, url: releaseOf('Update') });
    expect(manifests[3]).toMatchObject({ version: null, sha256: null, size: null, url: null });
    expect(manifests[4]?.findings.map(({ message }) => message)).toEqual(['There is no such file.']);
    expect(drifts.map(({ code, files }) => [code, files])).toEqual([
      ['bytes-reused', ['fixed', 'again']],
      ['version-regression', ['foreign', 'again']],
    ]);
  });

  it.skipIf(!HAS_FIXTURES)(`finds the drifts of the real history${NEEDS_FIXTURES}`, async () => {
    const folder = join(FIXTURES, 'manifests');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    const entries = names.map(async (file) => ({ file, bytes: await readFile(join(folder, file)) }));
    const timeline = makeTimeline(await Promise.all(entries), POLICY);
    expect(timeline.manifests).toHaveLength(names.length);
    const versionsOf = (code: string, sha256: string): readonly (string | null)[] =>
      timeline.drifts
        .filter((drift) => drift.code === code && drift.message.includes(sha256))
        .flatMap(({ files }) => files.map((file) => versionIn(timeline, file)));
    expect(versionsOf('bytes-reused', '8324c4f9')).toEqual(['2.0.0.31', '2.0.0.40', '2.0.0.46']);
    expect(versionsOf('version-reused', '744e06ab')).toEqual(['2.0.0.46', '2.0.0.46']);
    expect(new Set(timeline.drifts.map(({ code }) => code))).toEqual(
      new Set(['bytes-reused', 'version-reused', 'signature-reused', 'version-regression']),
    );
  });
});

function versionIn({ manifests }: Pick<HistoryReport, 'manifests'>, file: string): string | null {
  return manifests.find((manifest) => manifest.file === file)?.version ?? null;
}
