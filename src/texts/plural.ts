/** Sentences by CLDR plural category; `#` stands for the number. */
export type PluralForms<Category extends Intl.LDMLPluralRule> = Readonly<Record<Category, string>>;

export type Pluralize<Category extends Intl.LDMLPluralRule> = (
  count: number,
  forms: PluralForms<Category>,
) => string;

/**
 * Chooses whole sentences by the plural rules of a language.
 *
 * @param categories all that the language has (`Intl.PluralRules.resolvedOptions().pluralCategories`), so that a
 *   sentence lacking one does not compile
 */
export function makePluralize<Category extends Intl.LDMLPluralRule>(
  language: string,
  categories: readonly (Category | 'other')[],
): Pluralize<Category | 'other'> {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) => {
    const category = categories.find((known) => known === rules.select(count)) ?? 'other';
    return forms[category].replaceAll('#', numbers.format(count));
  };
}
