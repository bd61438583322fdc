import { describe, expect, it } from 'vitest';
import { makePluralize } from '../../src/texts/plural.ts';

describe('makePluralize', () => {
  it('is given all categories that the languages have, by CLDR', () => {
    const categories = (language: string): readonly string[] =>
      new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    expect(categories('en')).toEqual(['one', 'other']);
    expect(categories('ru')).toEqual(['few', 'many', 'one', 'other']);
  });

  it('chooses the sentence and writes the number as the language does', () => {
    const plural = makePluralize('ru', ['one', 'few', 'many', 'other']);
    const forms = { one: '# файл', few: '# файла', many: '# файлов', other: '# файла' };
    expect([1, 3, 7, 1.5, 12_345].map((count) => plural(count, forms))).toEqual([
      '1 файл',
      '3 файла',
      '7 файлов',
      '1,5 файла',
      '12\u00a0345 файлов',
    ]);
  });

  it('does not compile where a sentence is missing', () => {
    const plural = makePluralize('ru', ['one', 'few', 'many', 'other']);
    // @ts-expect-error: `many` is missing
    expect(() => plural(5, { one: '#', few: '#', other: '#' })).toThrow(TypeError);
  });
});
