import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { XMLValidator } from 'fast-xml-parser';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { EMPTY_CATALOG, updateCatalog } from '../../src/server/catalog.ts';
import type { DownloadFile } from '../../src/server/shelf.ts';
import { makeStatusPage } from '../../src/server/status-page.ts';
import { OWNER, offerText, ServerWorld } from '../support/server-world.ts';

const OPTIONS = { isBetaOffered: true, publicUrl: null, owner: OWNER, allowLoopback: false };
const POLICY = { owner: OWNER, downloadBase: 'https://github.com', allowedHosts: [], allowLoopback: false };

function pageOf(
  files: Readonly<Record<string, string>>,
  downloads: readonly DownloadFile[] = [],
  owner = OWNER,
): string {
  const catalog = updateCatalog(
    EMPTY_CATALOG,
    Object.entries(files).map(([name, text]) => ({
      name,
      bytes: Buffer.from(text),
      problem: null,
      modified: null,
    })),
    { policy: POLICY, isBetaOffered: true },
  );
  const input = { catalog, downloads, folderProblems: [], verifiedSignatures: new Set<string>() };
  return makeStatusPage(input, { ...OPTIONS, owner });
}

/** HTML's few elements without an end, made XML's, so that a strict reader sees every tag closed. */
function assertWellFormed(page: string): void {
  const text = page
    .replace('<!doctype html>', '')
    .replaceAll(/<(meta [^>]*)>/g, '<$1/>')
    .replace(/<style>.*<\/style>/s, '');
  expect(XMLValidator.validate(text)).toBe(true);
}

describe('status page', () => {
  it('shows channels, versions, digests, rollout and findings', () => {
    const page = pageOf({
      'manifest.json': offerText('2.0.0.46', {
        top: { rollout: { percentage: 12.5, salt: 's' }, critical: true },
      }),
      'manifest_beta.json': offerText('9.9', { url: 'https://evil.example/Nexy.dmg' }),
      'manifest_1.0.json': offerText('1.0'),
    });
    for (const text of [
      '2.0.0.46',
      '12.5 % of installations',
      'Critical',
      'foreign-host',
      'archive only',
      'degraded',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).not.toMatch(/<script|javascript:|\son\w+=|style="|https:\/\/evil\.example\/Nexy\.dmg">/);
    assertWellFormed(page);
  });

  it('escapes everything that comes from a manifest, and shows what a reader would not see', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "'",
        '&lt;',
        '\u202e',
        '</style>',
        'STYLE</style>',
      ),
    );
    fc.assert(
      fc.property(text, text, text, (build, release_date, name) => {
        const page = pageOf(
          { 'manifest.json': offerText('1.0', { top: { build, release_date } }) },
          [{ name, size: 1, sha256: null, modified: new Date(0) }],
          `owner/${name}`,
        );
        expect(page).not.toMatch(/<(script|img|\/style>.*<\/style)/is);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
        expect(page).not.toMatch(/[\u0000-\u0008\u202a-\u202e\u2066-\u2069]/);
        assertWellFormed(page);
      }),
      { numRuns: 300 },
    );
  });
});

const CHROMIUM = '/usr/bin/chromium';
const skipped = existsSync(CHROMIUM) ? '' : ' (skipped: chromium is not installed)';

describe.skipIf(skipped !== '')(`in a browser${skipped}`, () => {
  it('fits a small screen, is light or dark, breaks no policy, and is a page that a screen reader can walk', async () => {
    const world = await ServerWorld.open();
    world.put('manifest.json', offerText('2.0.0.46'));
    world.put('manifest_1.0.json', 'nonsense');
    world.putDownload('Nexy.dmg', 'bytes of 2.0.0.46');
    const { origin } = await world.serve();
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    try {
      const grounds = new Set<unknown>();
      for (const width of [320, 1280]) {
        for (const colorScheme of ['light', 'dark'] as const) {
          const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
          const complaints: string[] = [];
          page.on('console', (message) => complaints.push(message.text()));
          for (const path of ['/', '/updates/', '/updates']) await page.goto(`${origin}${path}`);
          expect(await page.locator('html').evaluate((html) => html.scrollWidth)).toBe(width);
          grounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
          const tree = await page.locator('body').ariaSnapshot();
          for (const part of [
            'main:',
            'heading "Nexy_production updates" [level=1]',
            'table "Versions"',
            'columnheader "Released"',
            'rowheader "2.0.0.46"',
          ]) {
            expect(tree).toContain(part);
          }
          const hrefs = await page
            .locator('a')
            .evaluateAll((all) => all.map((each) => each.getAttribute('href')));
          const links = hrefs.map((href) => new URL(href ?? '', page.url()).href);
          const ours = links.filter((link) => link.startsWith(origin));
          expect(ours.length).toBeGreaterThan(5);
          for (const link of ours) {
            expect(link).toContain('/updates/');
            expect((await fetch(link)).status).toBe(200);
          }
          // A browser asks for an icon of its own accord.
          expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
          await page.close();
        }
      }
      expect(grounds.size).toBe(2);
    } finally {
      await browser.close();
    }
  });
});
