import { ENGLISH, type Texts } from './english.ts';
import { type Format, makeFormat } from './format.ts';
import { chooseLanguage, type Language } from './language.ts';
import { RUSSIAN } from './russian.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en: ENGLISH, ru: RUSSIAN };

/** All that is needed to say something to a person. */
export interface Wording {
  readonly language: Language;
  readonly texts: Texts;
  readonly format: Format;
}

/** @param languages BCP 47, in the person's order (`app.getPreferredSystemLanguages()`) */
export function wordingFor(languages: readonly string[]): Wording {
  const { language, locale } = chooseLanguage(languages);
  return { language, texts: TEXTS[language], format: makeFormat(locale) };
}
