/** The languages that there are texts in. The first is for everybody else. */
export const LANGUAGES = ['en', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface ChosenLanguage {
  readonly language: Language;
  /** BCP 47, with the person's region where it is known (`en-GB`): for dates and numbers. */
  readonly locale: string;
}

/** The first of the person's languages that there are texts in. What is no language tag is passed over. */
export function chooseLanguage(languages: readonly string[]): ChosenLanguage {
  for (const tag of languages) {
    const locale = canonicalTag(tag);
    const language = LANGUAGES.find((known) => known === locale?.split('-')[0]);
    if (locale !== null && language !== undefined) return { language, locale };
  }
  return { language: LANGUAGES[0], locale: LANGUAGES[0] };
}

function canonicalTag(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}
