import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disarm, quote } from '../src/quote.ts';

describe('quote', () => {
  it('shows text in quotes and cuts it', () => {
    expect(quote('Nexy.dmg')).toBe('"Nexy.dmg"');
    expect(quote('a "b" \\')).toBe('"a \\"b\\" \\\\"');
    expect(quote('é 版本')).toBe('"é 版本"');
    expect(quote('x'.repeat(81))).toBe(`"${'x'.repeat(80)}…"`);
  });

  it('leaves nothing that a terminal or an eye takes for something else', () => {
    expect(quote('\u001b[2J\u009b2J\n\u202egmd')).toBe('"\\u001b[2J\\u009b2J\\n\\u202egmd"');
    const unit = fc.oneof(
      fc.constantFrom('\u001b', '\u009b', '\u202e', '\u2066', '\u200b', '\ufeff'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        const shown = quote(parts.join(''));
        expect(shown).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029\u200b\ufeff]/u);
        expect(JSON.parse(shown).length).toBeLessThanOrEqual(81);
      }),
    );
  });
});

describe('disarm', () => {
  it('makes visible what acts, and leaves all else as it is, however long', () => {
    expect(disarm('a "b"\n\tc')).toBe('a "b"\n\tc');
    expect(disarm('\u001b[2J\u202egmd\u0000')).toBe('\\u001b[2J\\u202egmd\\u0000');
    expect(disarm('x'.repeat(500))).toBe('x'.repeat(500));
    expect(disarm('\ud800')).toBe('\ufffd');
  });
});
