import type { Language } from '../texts/language.ts';

/** The language of release notes, which do not say it: so that a screen reader takes the right voice. */
export function guessLanguage(text: string): Language {
  const count = (letters: RegExp): number => text.match(letters)?.length ?? 0;
  return count(/\p{Script=Cyrillic}/gu) * 2 > count(/\p{Script=Latin}/gu) ? 'ru' : 'en';
}
