import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoreValues, shareValues } from '../../../../src/lab/report/page/share-values.ts';

const same = (text: string): string => text;

describe('shareValues', () => {
  it('gives back any document, also through JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const document = JSON.parse(JSON.stringify(value)) as unknown;
        const shared = JSON.parse(JSON.stringify(shareValues(document, same)));
        expect(restoreValues(shared)).toEqual(document);
      }),
    );
  });

  it('keeps numbers and texts of the same look apart, and equal values once', () => {
    const document = { number: 1, text: '1', list: [1, '1', [1]], same: [1, '1', [1]], nothing: null };
    const shared = shareValues(document, same);
    expect(restoreValues(shared)).toEqual(document);
    // 1, "1", [1], the list, null, and the whole.
    expect(shared).toHaveLength(6);
  });

  it('leaves out what is undefined, and changes texts alone', () => {
    const shared = shareValues({ key: 'text', gone: undefined }, (text) => text.toUpperCase());
    expect(restoreValues(shared)).toEqual({ key: 'TEXT' });
  });
});
