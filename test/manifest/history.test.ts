import { describe, expect, it } from 'vitest';
import { assessManifest } from '../../src/manifest/assess.ts';
import { findHistory, type HistoryFinding } from '../../src/manifest/history.ts';
import { POLICY, releaseOf, sampleManifest, toBytes } from './sample.ts';

type Keys = Readonly<Record<string, unknown>>;

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

interface Given {
  readonly keys?: Keys;
  readonly artifact?: Keys;
  readonly text?: string;
}

/** Files are named by their place: `0`, `1`, ... Each has bytes of its own unless it says otherwise. */
function historyOf(given: readonly Given[]): readonly (readonly [string, ...string[]])[] {
  return findingsOf(given).map(({ code, files }) => [code, ...files] as const);
}

function findingsOf(given: readonly Given[]): readonly HistoryFinding[] {
  return findHistory(
    given.map(({ keys = {}, artifact = {}, text }, index) => {
      const sha256 = String(index).padStart(64, '0');
      const bytes = toBytes(text ?? sampleManifest(keys, { sha256, ...artifact }));
      return { file: String(index), assessment: assessManifest(bytes, POLICY, { channel: null }) };
    }),
  );
}

function dated(version: string, date: string | undefined, url = ''): Given {
  return { keys: { version, release_date: date }, artifact: { url } };
}

describe('history', () => {
  it('finds nothing in an honest series', () => {
    const series = ['1.0', '1.1', '2.0.0.9', '2.0.0.10'];
    expect(historyOf(series.map((version, index) => dated(version, `2026-03-0${index + 1}`)))).toEqual([]);
    expect(historyOf([])).toEqual([]);
  });

  it('finds nothing in copies of one manifest', () => {
    const copy = { artifact: { sha256: A, ed25519: 'x' } };
    expect(historyOf([copy, copy, copy])).toEqual([]);
  });

  it('finds one sha256 under several versions, once with all its files, whatever its case', () => {
    const given = [
      { keys: { version: '1.0' }, artifact: { sha256: A } },
      { keys: { version: '1.0.0' }, artifact: { sha256: A } },
      { keys: { version: '1.5' } },
      { keys: { version: '1.1' }, artifact: { sha256: A.toUpperCase() } },
    ];
    expect(historyOf(given)).toEqual([['bytes-reused', '0', '1', '3']]);
    expect(historyOf(given.slice(0, 3))).toEqual([]);
  });

  it('finds one version with several sha256, compared by number', () => {
    const given = [
      { keys: { version: '2.0' } },
      { keys: { version: '2.1' } },
      { keys: { version: '2.0.0.0' } },
    ];
    expect(historyOf(given)).toEqual([['version-reused', '0', '2']]);
  });

  it('takes DMG and PKG of one version for what they are', () => {
    const pkg = { type: 'pkg', url: releaseOf('v2.0.0.46', 'Nexy.pkg') };
    expect(historyOf([{}, { artifact: pkg }])).toEqual([]);
    expect(historyOf([{}, { artifact: pkg }, { artifact: pkg }])).toEqual([['version-reused', '1', '2']]);
    const both = sampleManifest();
    const artifacts = [both['artifact'], { ...(both['artifact'] as Keys), ...pkg, sha256: B }];
    expect(historyOf([{ text: JSON.stringify({ ...both, artifacts }) }])).toEqual([]);
  });

  it('finds a version reused by something that cannot be installed', () => {
    expect(historyOf([{}, { artifact: { type: 'txt' } }])).toEqual([['version-reused', '0', '1']]);
  });

  it('finds one signature over several sha256, and passes over empty ones', () => {
    const signed = (version: string, ed25519: string) => ({ keys: { version }, artifact: { ed25519 } });
    expect(historyOf([signed('1', 'x'), signed('2', 'y'), signed('3', 'x'), signed('4', '')])).toEqual([
      ['signature-reused', '0', '2'],
    ]);
    expect(historyOf([signed('1', ''), signed('2', '')])).toEqual([]);
  });

  it('counts rejected manifests, and not those that do not parse', () => {
    const rejected = { keys: { version: '1.0' }, artifact: { sha256: A, url: 'https://evil.example/a.txt' } };
    const good = { keys: { version: '1.1' }, artifact: { sha256: A } };
    expect(historyOf([rejected, good])).toEqual([['bytes-reused', '0', '1']]);
    expect(historyOf([{ text: '{' }, { ...rejected, keys: { version: 'x' } }, good])).toEqual([]);
  });

  it.each(['', 'TODO', `${A}a`, `x${A}`, A.slice(1)])('takes no sha256 that is %j for bytes', (sha256) => {
    const empty = (version: string) => ({ keys: { version }, artifact: { sha256, ed25519: 'x' } });
    expect(historyOf([empty('1'), empty('2')])).toEqual([]);
  });
});

describe('what a person reads', () => {
  const messageOf = (given: readonly Given[]): string | undefined => findingsOf(given)[0]?.message;

  it('of bytes: the versions in their order, each once and as it was written', () => {
    const given = ['2.0.0.10', '2.0.0.9', '2.0.0.10'].map((version) => ({
      keys: { version },
      artifact: { sha256: A },
    }));
    expect(messageOf(given)).toBe(
      'The same bytes (sha256 aaaaaaaa…) were offered as versions 2.0.0.9, 2.0.0.10: at most one of them is what they contain. Clients refuse the others.',
    );
  });

  it('of a version: the digests, each once', () => {
    const given = [A, B, A].map((sha256) => ({ keys: { version: '2.0' }, artifact: { sha256 } }));
    expect(messageOf(given)).toBe(
      'Version 2.0 was offered with 2 different sha256 (aaaaaaaa…, bbbbbbbb…): nobody can tell which bytes it is. A changed build needs a version of its own.',
    );
  });

  it.each([
    ['123456789012', '123456789012'],
    ['1234567890123', '12345678…'],
  ])('of a signature: %s as %s', (ed25519, shown) => {
    const given = ['1', '2', '3'].map((version) => ({ keys: { version }, artifact: { ed25519 } }));
    expect(messageOf(given)).toBe(
      `One ed25519 signature (${shown}) was given for 3 different sha256: it can belong to one of them at most. Leave it empty where it was not made over these bytes.`,
    );
  });

  it.each([
    [1, ''],
    [2, ', and 1 more lower ones after it'],
    [3, ', and 2 more lower ones after it'],
  ])('of a regression by %i manifests', (count, others) => {
    const fallen = Array.from({ length: count }, (_each, index) =>
      dated(`1.${index}`, `2026-03-0${index + 2}`),
    );
    expect(messageOf([dated('2.0', '2026-03-01'), ...fallen])).toBe(
      `1.0 (2026-03-02T00:00:00Z) came after 2.0 (2026-03-01T00:00:00Z) on the stable channel${others}: clients that have the higher version are offered nothing. Publish a version above it.`,
    );
  });
});

describe('version-regression', () => {
  it('names every manifest of the highest version, also those that repeat it later', () => {
    const given = [
      dated('2.0', '2026-03-01'),
      dated('2.0.0', '2026-03-02'),
      dated('1.0', '2026-03-03'),
      dated('2.0', '2026-03-04'),
      dated('2.1', '2026-03-05'),
    ];
    expect(historyOf(given).filter(([code]) => code === 'version-regression')).toEqual([
      ['version-regression', '0', '1', '3', '2'],
    ]);
  });

  it('names the manifest that went back and the one before it, in whatever order they come', () => {
    const given = [dated('2.1', '2026-03-03'), dated('1.9', '2026-03-02'), dated('2.0', '2026-03-01')];
    expect(historyOf(given)).toEqual([['version-regression', '2', '1']]);
    const [finding] = findingsOf(given);
    expect(finding?.message).toContain('1.9 (2026-03-02T00:00:00Z) came after 2.0 (2026-03-01T00:00:00Z)');
  });

  it('names the highest version once, with everything lower that came later', () => {
    const versions = ['2.6.0', '1.6.1', '1.7', '1.6.2', '1.0', '3.0', '2.9', '3.1'];
    const given = versions.map((version, index) => dated(version, `2026-03-0${index + 1}`));
    expect(historyOf(given)).toEqual([
      ['version-regression', '0', '1', '2', '3', '4'],
      ['version-regression', '5', '6'],
    ]);
  });

  it('compares within a channel only', () => {
    const given = [
      dated('2.0', '2026-03-01', releaseOf('UpdateBeta')),
      dated('1.0', '2026-03-02', releaseOf('Update')),
      dated('1.5', '2026-03-03', releaseOf('UpdateBeta')),
    ];
    expect(historyOf(given)).toEqual([['version-regression', '0', '2']]);
  });

  it('takes no manifest of the same moment for later, down to the microsecond', () => {
    const moment = '2026-02-26T19:56:15.891149';
    expect(historyOf([dated('2.0', `${moment}Z`), dated('1.0', `${moment}+00:00`)])).toEqual([]);
    expect(historyOf([dated('2.0', `${moment}Z`), dated('1.0', '2026-02-26T19:56:15.891150Z')])).toEqual([
      ['version-regression', '0', '1'],
    ]);
    expect(historyOf([dated('1.0', '2026-02-26T19:56:15.891150Z'), dated('2.0', `${moment}Z`)])).toEqual([
      ['version-regression', '1', '0'],
    ]);
    expect(
      historyOf([dated('2.0', '2026-02-26T20:00:00Z'), dated('1.0', '2026-02-26T20:30:00+01:00')]),
    ).toEqual([]);
  });

  it('takes the highest of one date as what came before', () => {
    const given = [
      dated('2.0', '2026-03-01'),
      dated('0.9', '2026-03-01'),
      dated('2.1', '2026-03-01'),
      dated('1.0', '2026-03-02'),
    ];
    expect(historyOf(given)).toEqual([['version-regression', '2', '3']]);
  });

  it('takes the highest of one date also where it comes first', () => {
    const given = [dated('2.1', '2026-03-01'), dated('2.0', '2026-03-01'), dated('1.0', '2026-03-02')];
    expect(historyOf(given)).toEqual([['version-regression', '0', '2']]);
  });

  it('passes over manifests without a date that can be read', () => {
    expect(historyOf([dated('2.0', undefined), dated('1.0', '2026-03-02'), dated('0.5', 'later')])).toEqual(
      [],
    );
  });
});
