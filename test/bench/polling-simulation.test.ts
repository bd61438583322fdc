import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { replaceSection } from '../../bench/polling/replace-section.ts';
import { reportPolling } from '../../bench/polling/report.ts';
import { REPOSITORY } from '../support/fixtures.ts';

const document = readFileSync(join(REPOSITORY, 'docs/SCALING.md'), 'utf8');
const chart = readFileSync(join(REPOSITORY, 'docs/polling-simulation.svg'), 'utf8');
const report = reportPolling(1_000_000);

describe('docs/SCALING.md', () => {
  it.each(['rates', 'totals', 'arithmetic'] as const)('shows what the simulation prints: %s', (section) => {
    // If this fails: node bench/polling-simulation.ts
    expect(document).toBe(replaceSection(document, section, report[section]));
  });

  it('would not be taken for right with another figure, nor without its sections', () => {
    const other = report.rates.replace(/\d/, (digit) => `${(Number(digit) + 1) % 10}`);
    expect(document).not.toBe(replaceSection(document, 'rates', other));
    expect(() => replaceSection('# Scaling', 'rates', '')).toThrow('rates');
  });

  it('shows the chart', () => {
    expect(document).toMatch(/!\[[^\]]{40,}\]\(polling-simulation\.svg\)/);
  });
});

describe('docs/polling-simulation.svg', () => {
  it('is the one that the simulation draws', () => expect(chart).toBe(report.chart));

  it('is well-formed, and tells what it shows to those who do not see it', () => {
    expect(XMLValidator.validate(chart)).toBe(true);
    const { svg } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(chart);
    expect(svg['aria-labelledby']).toBe(`${svg.title.id} ${svg.desc.id}`);
    expect(svg.title['#text']).toContain('1,000,000 clients');
    expect(svg.desc['#text']).toContain('in the busiest second');
  });

  it('names the unit of every axis', () => {
    expect(chart.match(/>requests per second \(log scale\)</g)).toHaveLength(3);
    expect(chart.match(/>clients that know of the release \(%\)</g)).toHaveLength(1);
    expect(chart.match(/>hours after the release</g)).toHaveLength(4);
  });

  it('has colours for light and for dark', () => {
    expect(chart).toContain('@media (prefers-color-scheme: dark)');
  });
});
