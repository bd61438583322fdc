import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { LabReport } from '../../../src/lab/report/lab-report.ts';
import { restoreValues } from '../../../src/lab/report/page/share-values.ts';
import { writeReport } from '../../../src/lab/report/write-report.ts';
import { REPOSITORY } from '../../support/fixtures.ts';
import { makeLabReport } from '../../support/make-lab-report.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('writeReport', () => {
  it('makes one page that names no other place, and forbids to ask one', async () => {
    const page = await writeReport(makeLabReport({ offers: 1 }));
    const markup = page.replaceAll(/<(script|style)\b[^>]*>.*?<\/\1>/gs, '');
    expect(markup).not.toMatch(/\b(?:src|href)=|<link|<img|@import/);
    expect(page.match(/<style>(.*?)<\/style>/s)?.[1]).not.toMatch(/url\(|@import|@font-face/);
    const [policy = ''] = /default-src[^"]*/.exec(page) ?? [];
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toMatch(/unsafe|https?:|data:|blob:|\*/);
    for (const [, , text = ''] of page.matchAll(/<(script|style)>(.*?)<\/\1>/gs)) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    }
    expect(page).toContain('Permission is hereby granted');
  });

  it('holds the whole report, and nothing in it ends the data or turns the text around', async () => {
    const hostileText = ' </script><!--<script>alert(1)\u202e\u2028\u0007\ud800';
    const report = makeLabReport({ offers: 1, hostileText });
    const page = await writeReport(report);
    const text = dataOf(page);
    expect(text).not.toMatch(/[<\p{Cc}\p{Cf}\u2028]/u);
    const shown = restoreValues(JSON.parse(text)) as LabReport;
    expect(shown.offers[0]?.title).toBe(
      'An honest release (0) </script><!--<script>alert(1)\\u202e\\u2028\\u0007\ufffd',
    );
    expect(shown.cells).toHaveLength(report.cells.length);
    const whole = dataOf(await writeReport(makeLabReport()));
    expect(restoreValues(JSON.parse(whole))).toEqual(makeLabReport());
    expect(whole.length).toBeLessThan(JSON.stringify(makeLabReport()).length / 3);
  });

  it('takes the page that was built, where it was', async () => {
    const folder = join(await temporaryFolder(), 'page');
    const script = join(REPOSITORY, 'scripts', 'build-report-page.ts');
    await promisify(execFile)(process.execPath, [script, '--output', folder]);
    expect((await readdir(folder)).toSorted()).toEqual(['page.css', 'page.js']);
    const [code, style] = await Promise.all([
      readFile(join(folder, 'page.js'), 'utf8'),
      readFile(join(folder, 'page.css'), 'utf8'),
    ]);
    const page = await writeReport(makeLabReport({ offers: 1 }));
    expect(page).toContain(`<script>${code}</script>`);
    expect(page).toContain(`<style>${style}</style>`);
    expect(code).not.toMatch(/<\/script|\beval\(|new Function\(|\brequire\(|\bfrom"node:/);
    expect(code.length).toBeLessThan(100_000);
  });
});

function dataOf(page: string): string {
  return /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
}
