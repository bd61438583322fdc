import { describe, expect, it } from 'vitest';
import { parseMarkdown } from '../../src/renderer/parse-markdown.ts';
import { NOTES } from './sample-models.ts';

describe('parseMarkdown', () => {
  it('makes HTML of Markdown as GitHub has it', () => {
    expect(parseMarkdown('**a** ~~b~~\n\n| c |\n| - |\n| d |')).toContain('<strong>a</strong> <del>b</del>');
    expect(parseMarkdown('| c |\n| - |\n| d |')).toContain('<td>d</td>');
  });

  it('takes notes as long as they get', () => {
    const many = NOTES.repeat(160);
    expect(many.length).toBeGreaterThan(90_000);
    expect(parseMarkdown(many)?.split('fewer interruptions')).toHaveLength(161);
  });

  it.each([
    ['emphasis that never ends', '*a_'.repeat(30_000)],
    ['bold that never ends', '**a_*'.repeat(20_000)],
    ['a strike that never ends', '~a~~'.repeat(25_000)],
    ['quotes in quotes', '> '.repeat(50_000)],
    ['tags in tags', '<b>'.repeat(1000)],
  ])('gives up on %s', (_, text) => {
    expect(parseMarkdown(text)).toBe(null);
  });

  it.each(['[', '![', '`', '[a](', '- ', '|', '&#', '\\', '# '])('is done with endless %j', (piece) => {
    expect(parseMarkdown(piece.repeat(Math.ceil(100_000 / piece.length)))).toContain('<');
  });
});
