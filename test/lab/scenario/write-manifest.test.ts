import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import type { OfferedManifest } from '../../../src/lab/scenario/scenario.ts';
import { writeManifest } from '../../../src/lab/scenario/write-manifest.ts';

const BASE = 'http://127.0.0.1:4711';
const GITHUB = 'https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46';
const PLAN = buildPlan('2.0.0.46');
const BUILD = makeBuild(PLAN);
const sign = (bytes: Uint8Array): string => `over ${createHash('sha256').update(bytes).digest('hex')}`;

type Keys = Readonly<Record<string, unknown>>;

function offered(document: Keys | null, more: Partial<OfferedManifest> = {}): OfferedManifest {
  const common = { file: 'a.json', channel: 'stable', version: '2.0.0.46', date: null, checks: 1 } as const;
  return { ...common, promised: PLAN, document, isOfRealBytes: true, text: null, ...more };
}

function written(document: Keys, more: Partial<OfferedManifest> = {}): Keys {
  const { bytes } = writeManifest(offered(document, more), { downloadBase: BASE, sign });
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

const REAL = { url: `${GITHUB}/Nexy.dmg`, size: 308005520, sha256: 'A'.repeat(64), ed25519: '' };

describe('writeManifest', () => {
  it('puts the host in place of GitHub, wherever an address begins with it', () => {
    const document = {
      artifact: { url: `${GITHUB}/Nexy.dmg` },
      notes_url: `${GITHUB}/LATEST_CHANGES.md`,
      notes: { url: `${GITHUB}/LATEST_CHANGES.md` },
      other: [
        'https://github.com/x',
        'http://github.com/x',
        'https://github.com.evil.example/x',
        'see https://github.com/x',
      ],
    };
    expect(written(document)).toEqual({
      artifact: { url: `${BASE}/Seregawpn/Nexy_production/releases/download/v2.0.0.46/Nexy.dmg` },
      notes_url: `${BASE}/Seregawpn/Nexy_production/releases/download/v2.0.0.46/LATEST_CHANGES.md`,
      notes: { url: `${BASE}/Seregawpn/Nexy_production/releases/download/v2.0.0.46/LATEST_CHANGES.md` },
      other: [
        `${BASE}/x`,
        'http://github.com/x',
        'https://github.com.evil.example/x',
        'see https://github.com/x',
      ],
    });
  });

  it('promises the stand-in where real bytes were promised, also in a list of artifacts', () => {
    const figures = { size: BUILD.bytes.length, sha256: BUILD.sha256 };
    const second = { ...REAL, type: 'pkg', url: '' };
    const document = { version: '2.0.0.46', artifact: REAL, artifacts: [REAL, second] };
    const { artifact, artifacts, ...rest } = written(document);
    expect(artifact).toMatchObject(figures);
    expect(artifacts).toEqual([artifact, second]);
    expect(rest).toEqual({ version: '2.0.0.46' });
  });

  it.each([
    ['no hash', { sha256: 'TODO' }],
    ['a hash that is too short', { sha256: 'a'.repeat(63) }],
    ['a size of nothing', { size: 0 }],
    ['a size with a fraction', { size: 1.5 }],
    ['a size as a text', { size: '308005520' }],
    ['a size above the cap', { size: 2 ** 33 }],
  ])('leaves %s as it is', (_, wrong) => {
    expect(written({ artifact: { ...REAL, ...wrong } })['artifact']).toMatchObject(wrong);
  });

  it('adds no figures where there were none', () => {
    expect(written({ artifact: { url: '' } })).toEqual({ artifact: { url: '' } });
    expect(written({ version: '1.0' })).toEqual({ version: '1.0' });
    expect(written({ artifact: 'none', artifacts: {} })).toEqual({ artifact: 'none', artifacts: {} });
  });

  it('leaves the figures of a document that was not of real bytes: they may be wrong on purpose', () => {
    expect(written({ artifact: REAL }, { isOfRealBytes: false })['artifact']).toMatchObject({
      size: 308005520,
      sha256: 'A'.repeat(64),
    });
  });

  it('signs where it says "valid", and leaves every other signature', () => {
    const signed = written({ artifact: { ...REAL, ed25519: 'valid' } }, { isOfRealBytes: false });
    expect(signed['artifact']).toMatchObject({ ed25519: `over ${BUILD.sha256}` });
    for (const ed25519 of ['', 'VRccoPWghg4P5GNhLj6t', null]) {
      expect(written({ artifact: { ...REAL, ed25519 } })['artifact']).toMatchObject({ ed25519 });
    }
  });

  it('keeps keys of any name', () => {
    const document = JSON.parse('{"__proto__": {"a": 1}, "artifact": {"__proto__": 2}}');
    expect(JSON.stringify(written(document))).toBe('{"__proto__":{"a":1},"artifact":{"__proto__":2}}');
  });

  it('serves a text exactly as it is, and promises what is said beside it', () => {
    const text = '{"artifact": {"ed25519": "valid", "url": "https://github.com/x"}';
    const options = { downloadBase: BASE, sign };
    const { bytes, promised } = writeManifest(offered(null, { text, promised: null }), options);
    expect(Buffer.from(bytes).toString()).toBe(text);
    expect(promised).toBeNull();
    expect(writeManifest(offered(null, { text }), options).promised).toBe(BUILD);
  });
});
