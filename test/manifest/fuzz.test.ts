import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FINDING_CODES } from '../../src/errors.ts';
import { type AssessPolicy, assessManifest } from '../../src/manifest/assess.ts';
import { findHistory } from '../../src/manifest/history.ts';
import { readVersion } from '../../src/version.ts';
import { FIXTURES, HAS_FIXTURES, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { OWNER, POLICY, releaseOf, sampleManifest, toBytes } from './sample.ts';

const RUNS = 10_000;

const POLICIES: readonly AssessPolicy[] = [
  POLICY,
  { ...POLICY, allowedHosts: ['cdn.example'] },
  { ...POLICY, downloadBase: 'http://127.0.0.1:8123', allowLoopback: true },
];

const policies = fc.constantFrom(...POLICIES);
const asked = fc.record({
  channel: fc.constantFrom('stable' as const, 'beta' as const, null),
  fileName: fc.oneof(fc.string(), fc.constantFrom('manifest.json', 'manifest_beta.json')),
});

/** Values that have gone wrong somewhere before, for any key. */
const awkward = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, 2 ** 53, '', ' ', 'v', 'NaN', [], {}, [[]]),
  fc.constantFrom('2.0.0.46', 'v2.0.0.46', '01', 'dmg', 'pkg', 'stable', 'beta', 'Update', 'AppBeta'),
  fc.constantFrom(
    releaseOf('Update'),
    releaseOf('v2.0.0.46'),
    releaseOf('v2.0.0.46', 'Nexy.pkg'),
    'https://cdn.example/Nexy.dmg',
    'https://cdn.example/../x/Nexy.dmg',
    'http://127.0.0.1:8123/Nexy.dmg',
    `http://127.0.0.1:8123/${OWNER}/releases/download/Update/Nexy.dmg`,
    'https://evil.example/Nexy.dmg',
  ),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 2 }),
);

const KEYS = [
  'version',
  'build',
  'release_date',
  'artifact',
  'artifacts',
  'channel',
  'tag',
  'critical',
  'auto_install',
  'notes_url',
  'rollout',
  'minimum_auto_version',
  'schema',
  '__proto__',
  'constructor',
];
const ARTIFACT_KEYS = ['type', 'url', 'size', 'sha256', 'arch', 'min_os', 'ed25519', 'toString'];

const anyDocument = fc.oneof(
  fc.jsonValue({ maxDepth: 4, noUnicodeString: false }),
  fc.dictionary(
    fc.constantFrom(...KEYS),
    fc.oneof(awkward, fc.dictionary(fc.constantFrom(...ARTIFACT_KEYS), awkward)),
  ),
);

interface Change {
  readonly key: string;
  readonly isInArtifact: boolean;
  readonly kind: 'replace' | 'delete' | 'retype' | 'splice';
  readonly value: unknown;
  readonly at: number;
}

const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc
    .record({
      key: fc.nat(),
      isInArtifact: fc.boolean(),
      kind: fc.constantFrom('replace' as const, 'delete' as const, 'retype' as const, 'splice' as const),
      value: awkward,
      at: fc.nat(),
    })
    .map(({ key, isInArtifact, ...change }) => {
      const keys = isInArtifact ? ARTIFACT_KEYS : KEYS;
      return { ...change, isInArtifact, key: keys[key % keys.length] ?? 'version' };
    }),
  { minLength: 1, maxLength: 4 },
);

/** Cuts a piece out of a text and puts another in, mostly at the places where URLs and versions have joints. */
function splice(text: string, at: number, value: unknown): string {
  const joints = [...text.matchAll(/[/.:@?#]|$/g)].map(({ index }) => index);
  const start = at % 2 === 0 ? (joints[at % joints.length] ?? 0) : at % (text.length + 1);
  const insert =
    typeof value === 'string' ? value.slice(0, 12) : ['..', '@', '%2f', '\\', '//', '\t'][at % 6];
  return text.slice(0, start) + insert + text.slice(start + (at % 3));
}

function retype(value: unknown): unknown {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function mutate(original: unknown, changed: readonly Change[]): unknown {
  const document = structuredClone(original) as Record<string, unknown>;
  for (const { key, isInArtifact, kind, value, at } of changed) {
    const inner = document['artifact'];
    const place =
      isInArtifact && typeof inner === 'object' && inner !== null
        ? (inner as Record<string, unknown>)
        : document;
    const old = Object.hasOwn(place, key) ? place[key] : undefined;
    if (kind === 'delete') delete place[key];
    else if (kind === 'retype') place[key] = retype(old);
    else if (kind === 'splice' && typeof old === 'string') place[key] = splice(old, at, value);
    else place[key] = value;
  }
  return document;
}

/** Everything that must hold for any bytes whatever. */
function checkAssessment(
  bytes: Uint8Array,
  policy: AssessPolicy,
  ask: Parameters<typeof assessManifest>[2],
): boolean {
  const assessment = assessManifest(bytes, policy, ask);
  const { manifest, verdict, findings, candidates, generation } = assessment;
  const severities = findings.map(({ severity }) => severity);
  const worst =
    ['reject' as const, 'warn' as const].find((severity) => severities.includes(severity)) ?? 'ok';
  expect(verdict).toBe(worst);
  const order = findings.map(({ code }) => FINDING_CODES.indexOf(code));
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(findHistory([{ file: 'a', assessment }])).toEqual([]);
  if (verdict === 'reject') {
    expect({ candidates, generation }).toEqual({ candidates: [], generation: null });
    return false;
  }
  // What is not rejected has everything that download and install rely on.
  expect(manifest?.bytes).toBe(bytes);
  expect(manifest?.artifact.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(['dmg', 'pkg']).toContain(manifest?.artifact.type);
  expect(Number.isSafeInteger(manifest?.artifact.size)).toBe(true);
  expect(readVersion(assessment.version ?? '')).toEqual(manifest?.version);
  expect(generation).not.toBeNull();
  expect(candidates.length).toBeGreaterThan(0);
  for (const { url, kind } of candidates) {
    expect(isAllowed(url, kind, policy, manifest?.version.parts.join('.') ?? '')).toBe(true);
    expect(new URL(url).pathname.toLowerCase().endsWith(`.${manifest?.artifact.type}`)).toBe(true);
  }
  return true;
}

/** The rule for a candidate in its own words. */
function isAllowed(url: string, kind: string, policy: AssessPolicy, version: string): boolean {
  const { protocol, host, pathname, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  const isLoopback =
    policy.allowLoopback && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
  if (protocol !== 'https:' && !isLoopback) return false;
  const isElsewhere = policy.allowedHosts.includes(host) || isLoopback;
  if (kind === 'direct') return isElsewhere;
  if (host !== new URL(policy.downloadBase).host && !isElsewhere) return false;
  const [, owner, repository, releases, download, tag = '', ...rest] = pathname.split('/');
  const isOwn = `${owner}/${repository}`.toLowerCase() === OWNER.toLowerCase();
  const isRelease = releases === 'releases' && download === 'download' && rest.length === 1;
  const isTag =
    kind === 'fixed-tag'
      ? ['Update', 'UpdateBeta', 'App', 'AppBeta'].includes(tag)
      : readVersion(tag.slice(1))?.parts.join('.') === version && tag.startsWith('v');
  return isOwn && isRelease && isTag;
}

describe('fuzz', () => {
  it('any JSON document: never throws, never a candidate from a rejected manifest', () => {
    fc.assert(
      fc.property(anyDocument, policies, asked, (document, policy, ask) => {
        checkAssessment(toBytes(JSON.stringify(document)), policy, ask);
      }),
      { numRuns: RUNS },
    );
  });

  it('any bytes', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary' }).map(toBytes));
    fc.assert(
      fc.property(bytes, policies, asked, (each, policy, ask) => {
        expect(checkAssessment(each, policy, ask)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('one changed byte in a manifest', () => {
    const original = toBytes(sampleManifest());
    let accepted = 0;
    fc.assert(
      fc.property(fc.nat({ max: original.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const bytes = original.with(at, value);
        if (checkAssessment(bytes, POLICY, { channel: null })) accepted += 1;
      }),
      { numRuns: RUNS },
    );
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(RUNS);
  });

  it('URLs made of awkward pieces', () => {
    const pieces = [
      'https:',
      'http:',
      '//',
      '/',
      '\\',
      '@',
      ':',
      '..',
      '.',
      '%2f',
      '%2e',
      '?',
      '#',
      'github.com',
    ];
    const more = ['127.0.0.1:8123', 'cdn.example', 'evil.example', OWNER, 'evil/x', '/releases/download/'];
    const last = [
      'Update',
      'v2.0.0.46',
      'v1',
      '/Nexy.dmg',
      'Nexy.dmg',
      '.dmg',
      ' ',
      '\t',
      'ſ',
      '。',
      '\u202e',
    ];
    const prefix = fc.constantFrom(
      '',
      'https://',
      `https://github.com/${OWNER}`,
      'https://cdn.example/',
      'http://127.0.0.1:8123/',
    );
    const part = fc.constantFrom(...pieces, ...more, ...last);
    const url = fc.tuple(prefix, fc.array(part, { maxLength: 8 }), fc.constantFrom('', '/Nexy.dmg'));
    let accepted = 0;
    fc.assert(
      fc.property(url, policies, asked, ([start, middle, end], policy, ask) => {
        const document = sampleManifest({}, { url: [start, ...middle, end].join('') });
        if (checkAssessment(toBytes(document), policy, ask)) accepted += 1;
      }),
      { numRuns: RUNS },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});

describe.skipIf(!HAS_FIXTURES)(`fuzz of the real manifests${NEEDS_FIXTURES}`, () => {
  it('with keys replaced, deleted, retyped and spliced', () => {
    const folder = join(FIXTURES, 'manifests');
    const originals = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...originals),
        changes,
        policies,
        asked,
        (original, changed, policy, ask) => {
          const bytes = toBytes(JSON.stringify(mutate(original, changed)));
          if (checkAssessment(bytes, policy, ask)) accepted += 1;
        },
      ),
      { numRuns: RUNS },
    );
    // Otherwise the mutations would only ever show that nonsense is refused.
    expect(accepted).toBeGreaterThan(RUNS / 50);
    expect(accepted).toBeLessThan(RUNS);
  });
});
