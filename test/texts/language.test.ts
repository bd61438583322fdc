import { describe, expect, it } from 'vitest';
import { chooseLanguage } from '../../src/texts/language.ts';

describe('chooseLanguage', () => {
  it.each([
    [['ru-RU', 'en-US'], 'ru', 'ru-RU'],
    [['en-GB', 'ru'], 'en', 'en-GB'],
    [['de-DE', 'fr', 'ru-UA'], 'ru', 'ru-UA'],
    [['RU'], 'ru', 'ru'],
    [['de-DE'], 'en', 'en'],
    [[], 'en', 'en'],
    // Not Russian, though it begins like it.
    [['rue', 'en-AU'], 'en', 'en-AU'],
    [['', '_', 'ru_RU', 'русский', 'ru'], 'ru', 'ru'],
  ])('of %j takes %s', (languages, language, locale) => {
    expect(chooseLanguage(languages)).toEqual({ language, locale });
  });
});
