import { describe, expect, test } from 'vitest';
import { type AppcastItem, readAppcast } from '../../../src/lab/clients/read-appcast.ts';

const BASE = 'https://github.com/updates/appcast.xml';
const DMG = '<enclosure url="https://github.com/x/Nexy.dmg" length="7" type="application/octet-stream"/>';

function feed(...items: readonly string[]): string {
  const inside = items.map((item) => `<item>${item}</item>`).join('');
  return `<?xml version="1.0"?><rss xmlns:sparkle="s"><channel><title>Nexy</title>${inside}</channel></rss>`;
}

function read(text: string): readonly AppcastItem[] | null {
  return readAppcast(Buffer.from(text), BASE);
}

function readOne(item: string): AppcastItem | null {
  return read(feed(item))?.[0] ?? null;
}

describe('an item', () => {
  test('with everything in it', () => {
    const item = readOne(`
      <title>Nexy</title>
      <pubDate>Thu, 12 Mar 2026 15:39:11 +0000</pubDate>
      <sparkle:version>2.0.0.46</sparkle:version>
      <sparkle:shortVersionString>2.0 &amp; more</sparkle:shortVersionString>
      <sparkle:channel>beta</sparkle:channel>
      <sparkle:minimumSystemVersion>11.0</sparkle:minimumSystemVersion>
      <sparkle:maximumSystemVersion>15.9</sparkle:maximumSystemVersion>
      <sparkle:hardwareRequirements>arm64</sparkle:hardwareRequirements>
      <sparkle:minimumAutoupdateVersion>2.0</sparkle:minimumAutoupdateVersion>
      <sparkle:phasedRolloutInterval>86400</sparkle:phasedRolloutInterval>
      <sparkle:criticalUpdate/>
      <enclosure url="https://github.com/x/Nexy.dmg" length="7" sparkle:edSignature="AAAA"/>`);
    expect(item).toEqual({
      version: '2.0.0.46',
      shortVersion: '2.0 & more',
      minimumSystemVersion: '11.0',
      maximumSystemVersion: '15.9',
      hardwareRequirements: 'arm64',
      channel: 'beta',
      date: Date.UTC(2026, 2, 12, 15, 39, 11),
      rolloutInterval: 86_400,
      isCritical: true,
      minimumAutoupdateVersion: '2.0',
      url: 'https://github.com/x/Nexy.dmg',
      isPackage: false,
      hasSignature: true,
    });
  });

  test('with nothing but a version and a file', () => {
    expect(readOne(`<sparkle:version>2.0</sparkle:version>${DMG}`)).toMatchObject({
      version: '2.0',
      shortVersion: '2.0',
      channel: null,
      date: null,
      rolloutInterval: null,
      isCritical: false,
      hasSignature: false,
    });
  });

  test('numbers stay as they were written', () => {
    expect(readOne(`<sparkle:version>2.10</sparkle:version>${DMG}`)?.version).toBe('2.10');
  });

  test("the enclosure's version goes before the item's", () => {
    const enclosure = DMG.replace('length', 'sparkle:version="3" sparkle:shortVersionString="3.0" length');
    expect(readOne(`<sparkle:version>2</sparkle:version>${enclosure}`)).toMatchObject({
      version: '3',
      shortVersion: '3.0',
    });
  });

  test.each<[string, string | null]>([
    ['https://github.com/a b.dmg', 'https://github.com/a%20b.dmg'],
    ['Nexy.dmg', 'https://github.com/updates/Nexy.dmg'],
    ['/Nexy.dmg', 'https://github.com/Nexy.dmg'],
  ])('an address as it is forgiven, or completed: %s', (url, expected) => {
    const enclosure = `<enclosure url="${url}"/>`;
    expect(readOne(`<sparkle:version>2</sparkle:version>${enclosure}`)?.url).toBe(expected);
  });

  test.each<[string, string, boolean]>([
    ['Nexy.pkg', '', true],
    ['Nexy.mpkg', '', true],
    ['Nexy.dmg', 'sparkle:installationType="package"', true],
    ['Nexy.pkg', 'sparkle:installationType="application"', false],
    ['Nexy.dmg', '', false],
  ])('whether it is a package: %s %s', (file, more, isPackage) => {
    const enclosure = `<enclosure url="https://github.com/x/${file}" ${more}/>`;
    expect(readOne(`<sparkle:version>2</sparkle:version>${enclosure}`)?.isPackage).toBe(isPackage);
  });

  test('one with a link and no file is information', () => {
    const item = readOne('<sparkle:version>2</sparkle:version><link>https://github.com/x</link>');
    expect(item).toMatchObject({ version: '2', url: null });
  });

  test.each([
    ['no version', DMG],
    ['no enclosure', '<sparkle:version>2</sparkle:version>'],
    ['an address of another kind', '<sparkle:version>2</sparkle:version><enclosure url="file:///Nexy.dmg"/>'],
    [
      'another system',
      `<sparkle:version>2</sparkle:version>${DMG.replace('length', 'sparkle:os="windows" length')}`,
    ],
  ])('is left out with %s', (_, item) => {
    expect(read(feed(item, `<sparkle:version>1</sparkle:version>${DMG}`))).toMatchObject([{ version: '1' }]);
  });
});

describe('the feed', () => {
  test('several items, in their order', () => {
    const items = ['2', '3', '1'].map((version) => `<sparkle:version>${version}</sparkle:version>${DMG}`);
    expect(read(feed(...items))?.map(({ version }) => version)).toEqual(['2', '3', '1']);
  });

  test('none', () => {
    expect(read(feed())).toEqual([]);
  });

  test.each([
    ['nothing', ''],
    ['a manifest', '{"version": "2.0.0.46"}'],
    ['a page', '<html><body></body></html>'],
    ['half of one', feed(DMG).slice(0, 90)],
    ['another feed', '<feed xmlns="http://www.w3.org/2005/Atom"/>'],
  ])('%s is no appcast', (_, text) => {
    expect(read(text)).toBeNull();
  });
});
