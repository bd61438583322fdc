import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { type AppcastOptions, makeAppcast, signatureKey } from '../../src/server/appcast.ts';
import { EMPTY_CATALOG, type Offer, updateCatalog } from '../../src/server/catalog.ts';
import { OWNER, offerText, releaseUrl } from '../support/server-world.ts';

const OPTIONS: AppcastOptions = {
  channel: 'stable',
  title: 'Nexy (stable)',
  link: 'https://updates.example.com',
  allowLoopback: false,
  verifiedSignatures: new Set(),
};

/** Sparkle's names, as its parser sees them: `sparkle:` bound to this namespace, elements and attributes apart. */
const NAMESPACE = 'http://www.andymatuschak.org/xml-namespaces/sparkle';

interface Item {
  readonly [key: string]: string | undefined | Readonly<Record<string, string>>;
  readonly enclosure: Readonly<Record<string, string>>;
}

function offerOf(version: string, more: Parameters<typeof offerText>[1] = {}, policy = {}): Offer {
  const { offers, refused } = updateCatalog(
    EMPTY_CATALOG,
    [{ name: 'manifest.json', bytes: Buffer.from(offerText(version, more)), problem: null, modified: null }],
    {
      policy: {
        owner: OWNER,
        downloadBase: 'https://github.com',
        allowedHosts: [],
        allowLoopback: false,
        ...policy,
      },
      isBetaOffered: true,
    },
  );
  const [offer] = offers;
  if (offer === undefined) throw new Error(JSON.stringify(refused));
  return offer;
}

/** As Sparkle 2 reads it; null where the feed has no item. */
function readFeed(text: string): Item | null {
  expect(XMLValidator.validate(text)).toBe(true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
  });
  const { rss } = parser.parse(text);
  expect(rss['@version']).toBe('2.0');
  expect(rss['@xmlns:sparkle']).toBe(NAMESPACE);
  // RSS 2.0: these three are required.
  for (const name of ['title', 'link', 'description']) expect(rss.channel[name]).toEqual(expect.any(String));
  return rss.channel.item ?? null;
}

function itemOf(offer: Offer, more: Partial<AppcastOptions> = {}): Item {
  const item = readFeed(makeAppcast(offer, { ...OPTIONS, ...more }));
  if (item === null) throw new Error('The feed has no item');
  return item;
}

describe('appcast', () => {
  it('says what Sparkle wants to know, as elements', () => {
    const item = itemOf(
      offerOf('2.0.0.46', { top: { build: 20046, notes_url: releaseUrl('2.0.0.46', 'LATEST_CHANGES.md') } }),
    );
    expect(item).toMatchObject({
      title: '2.0.0.46',
      pubDate: 'Thu, 12 Mar 2026 00:00:00 +0000',
      'sparkle:version': '20046',
      'sparkle:shortVersionString': '2.0.0.46',
      'sparkle:minimumSystemVersion': '11.0',
      'sparkle:releaseNotesLink': releaseUrl('2.0.0.46', 'LATEST_CHANGES.md'),
    });
    expect(item.enclosure).toEqual({
      '@url': releaseUrl('2.0.0.46'),
      '@length': String('bytes of 2.0.0.46'.length),
      '@type': 'application/x-apple-diskimage',
    });
    for (const name of ['channel', 'criticalUpdate', 'phasedRolloutInterval', 'minimumAutoupdateVersion']) {
      expect(item[`sparkle:${name}`]).toBeUndefined();
    }
  });

  it('is a feed without items where there is nothing to offer', () => {
    expect(readFeed(makeAppcast(null, OPTIONS))).toBeNull();
  });

  it('gives the same bytes for the same manifest', () => {
    const [first, second] = [offerOf('1.0'), offerOf('1.0')].map((offer) => makeAppcast(offer, OPTIONS));
    expect(first).toBe(second);
  });

  it('marks items of the beta channel, and no others', () => {
    expect(itemOf(offerOf('1.0'), { channel: 'beta' })['sparkle:channel']).toBe('beta');
    expect(itemOf(offerOf('1.0'))['sparkle:channel']).toBeUndefined();
  });

  it('tells Sparkle that a package is installed and not unpacked', () => {
    const url = releaseUrl('1.0', 'Nexy.pkg');
    expect(itemOf(offerOf('1.0', { url, artifact: { type: 'pkg' } })).enclosure).toMatchObject({
      '@url': url,
      '@type': 'application/octet-stream',
      '@sparkle:installationType': 'package',
    });
  });

  it('names what only Apple silicon runs', () => {
    expect(itemOf(offerOf('1.0', { artifact: { arch: 'arm64' } }))['sparkle:hardwareRequirements']).toBe(
      'arm64',
    );
    expect(itemOf(offerOf('1.0'))['sparkle:hardwareRequirements']).toBeUndefined();
  });

  it.each([
    [{ auto_install: false }, '2.0'],
    [{ minimum_auto_version: '1.5' }, '1.5'],
    [{ minimum_auto_version: '1.5', auto_install: false }, '2.0'],
    // Sparkle compares with CFBundleVersion: an integer build has nothing to do with 1.5, so all are only told.
    [{ minimum_auto_version: '1.5', build: 200 }, '200'],
    [{}, undefined],
  ])('%j: installations below %s are told and not updated unasked', (top, expected) => {
    expect(itemOf(offerOf('2.0', { top }))['sparkle:minimumAutoupdateVersion']).toBe(expected);
  });

  it('is critical where the manifest is', () => {
    expect(itemOf(offerOf('1.0', { top: { critical: true } }))['sparkle:criticalUpdate']).toBe('');
  });
});

describe('rollout', () => {
  const rollout = (percentage: number, more = {}) =>
    offerOf('1.0', { top: { rollout: { percentage, salt: 's' }, ...more } });

  it.each([0.01, 10, 50, 99.9])('%d %% opens the first group alone, until people raise it', (percentage) => {
    // A group is let in every so many seconds: a year apart is not a matter of waiting.
    expect(itemOf(rollout(percentage))['sparkle:phasedRolloutInterval']).toBe(String(365 * 24 * 60 * 60));
  });

  it('100 % is for everybody at once', () => {
    expect(itemOf(rollout(100))['sparkle:phasedRolloutInterval']).toBeUndefined();
  });

  it.each([0, -1])('%d %% offers nothing, not even what is critical', (percentage) => {
    expect(readFeed(makeAppcast(rollout(percentage), OPTIONS))).toBeNull();
    expect(readFeed(makeAppcast(rollout(percentage, { critical: true }), OPTIONS))).toBeNull();
  });

  it('a part of them without a date offers nothing: Sparkle would offer it to all', () => {
    expect(readFeed(makeAppcast(rollout(50, { release_date: 'soon' }), OPTIONS))).toBeNull();
    const item = itemOf(rollout(100, { release_date: 'soon' }));
    expect(item['pubDate']).toBeUndefined();
  });

  it('what is critical passes over the groups', () => {
    expect(itemOf(rollout(50, { critical: true }))['sparkle:phasedRolloutInterval']).toBeUndefined();
  });
});

describe('what never gets into it', () => {
  /** An offer whose candidate is this address, as though the assessment had let it pass. */
  function withUrl(url: string): Offer {
    const offer = offerOf('1.0');
    return { ...offer, assessment: { ...offer.assessment, candidates: [{ url, kind: 'direct' }] } };
  }

  it.each([
    'http://github.com/Nexy.dmg',
    'http://127.0.0.1/Nexy.dmg',
    'ftp://example.com/Nexy.dmg',
    'javascript:alert(1)//Nexy.dmg',
    'file:///Nexy.dmg',
    'https://user:password@example.com/Nexy.dmg',
    'https://example.com/appcast.xml',
    'https://example.com/feed.rss',
    'https://example.com/Nexy.dmg/',
    'https://example.com/appcast.xml?file=Nexy.dmg',
    'https://example.com/appcast.xml#Nexy.dmg',
    'https://example.com/Nexy.pkg',
    'Nexy.dmg',
  ])('an enclosure at %s', (url) => {
    expect(readFeed(makeAppcast(withUrl(url), OPTIONS))).toBeNull();
  });

  it('plain http, but for loopback where that is allowed', () => {
    const url = 'http://127.0.0.1:8000/Nexy.dmg';
    expect(itemOf(withUrl(url), { allowLoopback: true }).enclosure['@url']).toBe(url);
    expect(
      readFeed(makeAppcast(withUrl('http://192.0.2.1/Nexy.dmg'), { ...OPTIONS, allowLoopback: true })),
    ).toBeNull();
  });

  it.each([
    'http://example.com/notes.md',
    'javascript:alert(1)',
    'notes.md',
    releaseUrl('2.0.0.46', 'Nexy.dmg'),
  ])('release notes at %s', (notes_url) => {
    expect(itemOf(offerOf('1.0', { top: { notes_url } }))['sparkle:releaseNotesLink']).toBeUndefined();
  });

  it('a signature that was not verified over these very bytes', () => {
    const ed25519 = Buffer.alloc(64, 1).toString('base64');
    const offer = offerOf('1.0', { artifact: { ed25519 } });
    const { sha256 } = offer.manifest.artifact;
    const signatureOf = (...verified: readonly string[]) =>
      itemOf(offer, { verifiedSignatures: new Set(verified) }).enclosure['@sparkle:edSignature'];
    expect(signatureOf()).toBeUndefined();
    expect(signatureOf(signatureKey('0'.repeat(64), ed25519), signatureKey(sha256, 'other'))).toBeUndefined();
    expect(signatureOf(signatureKey(sha256, ed25519))).toBe(ed25519);
  });

  it('anything that is not what it says, whatever the manifest says', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        ']]>',
        '<!--',
        '-->',
        '<![CDATA[',
        '&amp;',
        '"/><script>',
        "'",
        '\u0000',
        '\ud800',
        '\ufffe',
        'true',
        '&#0;',
      ),
    );
    const parts = fc.record({
      build: text,
      min_os: text,
      title: text,
      release_date: text,
      notes: text.map((each) => `https://example.com/${each}`),
    });
    fc.assert(
      fc.property(parts, ({ build, min_os, title, release_date, notes }) => {
        const offer = offerOf('1.0', {
          top: { build, release_date, notes_url: notes },
          artifact: { min_os },
        });
        const item = itemOf(offer, { title, link: `https://example.com/?${title}` });
        // XML readers turn every line end into \n; what XML cannot hold is replaced.
        const shown = (value: string): string =>
          value
            .toWellFormed()
            .replace(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, '\ufffd')
            .replace(/\r\n?/g, '\n');
        expect(item['sparkle:version']).toBe(shown(build));
        if (min_os !== '') expect(item['sparkle:minimumSystemVersion']).toBe(shown(min_os));
        expect(Object.keys(item).filter((key) => !KNOWN.has(key))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

const KNOWN = new Set([
  // Blanks between the elements.
  '#text',
  'title',
  'pubDate',
  'enclosure',
  'sparkle:version',
  'sparkle:shortVersionString',
  'sparkle:minimumSystemVersion',
  'sparkle:releaseNotesLink',
]);
