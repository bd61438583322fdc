import { describe, expect, it } from 'vitest';
import { DECISION_REASONS, FAILURE_CODES, FINDING_CODES } from '../../src/errors.ts';
import { FAILURE_TOPICS, failureTopic, REMEDIES } from '../../src/texts/failure-topic.ts';
import { LANGUAGES } from '../../src/texts/language.ts';
import { TEXTS, wordingFor } from '../../src/texts/texts.ts';

/** Something for every name that a text may ask for, so that each shows up in it. */
const NAMES: Readonly<Record<string, string>> = new Proxy({}, { get: (_, name) => `⟨${String(name)}⟩` });

/** Every text with what was filled in, by its path. Counting texts are given each number. */
function collect(value: unknown, path: string): readonly (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    if (path.endsWith('timeLeft')) {
      return [2, 20, 200, 20_000, 200_000].flatMap((seconds) =>
        collect(value(seconds), `${path}(${seconds})`),
      );
    }
    if (path.startsWith('qa.') && path.endsWith('.title')) {
      return [0, 1, 2, 5, 21].flatMap((count) => collect(value(count), `${path}(${count})`));
    }
    return collect(value(NAMES), `${path}()`);
  }
  if (typeof value !== 'object' || value === null) return [[path, `no text: ${String(value)}`]];
  return Object.entries(value).flatMap(([name, member]) =>
    collect(member, path === '' ? name : `${path}.${name}`),
  );
}

const COLLECTED = Object.fromEntries(LANGUAGES.map((language) => [language, collect(TEXTS[language], '')]));

describe('the texts', () => {
  it.each(LANGUAGES)('are all there and say something (%s)', (language) => {
    const texts = COLLECTED[language] ?? [];
    expect(texts.length).toBeGreaterThan(250);
    for (const [path, text] of texts) {
      expect(text, path).toMatch(/\p{L}/u);
      expect(text, path).not.toMatch(/undefined|null|NaN|\[object|#|\s\s|^\s|\s$/);
    }
  });

  it('are the same ones in every language', () => {
    const [first, ...others] = LANGUAGES.map((language) => COLLECTED[language]?.map(([path]) => path));
    for (const paths of others) expect(paths).toEqual(first);
  });

  it('are in the alphabet of their language, names and keys apart', () => {
    const bare = (text: string): string => text.replaceAll(/⟨\w+⟩/g, '');
    for (const [path, text] of COLLECTED['ru'] ?? []) {
      expect(bare(text), path).not.toMatch(/\b(the|is|was|update|of|to|for|download)\b/i);
    }
    for (const [path, text] of COLLECTED['en'] ?? []) expect(text, path).not.toMatch(/\p{Script=Cyrillic}/u);
  });

  it.each(LANGUAGES)(
    'of buttons begin with what is written on them, so that speech control finds them (%s)',
    (language) => {
      const buttons = Object.fromEntries(collect(TEXTS[language].buttons, ''));
      for (const [path, name] of Object.entries(buttons)) {
        const match = /^(\w+)Name(\(\))?$/.exec(path);
        if (match === null) continue;
        const label = buttons[match[1] ?? ''];
        expect(name.startsWith(label ?? '-'), `"${name}" of "${label}"`).toBe(true);
      }
    },
  );

  it('tell every failure that can reach a person, and never only its code', () => {
    const harmless = [
      'fixed-tag',
      'url-missing',
      'channel-mismatch',
      'unsigned',
      'up-to-date',
      'older',
      'newer',
      'rollout',
      'skipped-by-user',
    ];
    const codes: readonly string[] = [...FINDING_CODES, ...DECISION_REASONS, ...FAILURE_CODES];
    expect(Object.keys(FAILURE_TOPICS).toSorted()).toEqual(
      codes.filter((code) => !harmless.includes(code)).toSorted(),
    );
    for (const code of Object.keys(FAILURE_TOPICS)) {
      for (const language of LANGUAGES) {
        const { title, meaning, advice } = TEXTS[language].failures[failureTopic(code)]({ app: 'Nexy' });
        expect(new Set([title, meaning, advice]).size).toBe(3);
        expect(title).not.toMatch(/[.!]$/);
        expect(meaning).toMatch(/\.$/);
        expect(advice).toMatch(/\.$/);
      }
    }
  });

  it('have words for a code that they do not know', () => {
    expect(failureTopic('a-code-of-tomorrow')).toBe('unknown');
    expect(failureTopic('constructor')).toBe('unknown');
    expect(REMEDIES.unknown).toBe('retry');
  });
});

describe('how long it takes', () => {
  const left = (language: string, seconds: number): string => wordingFor([language]).texts.timeLeft(seconds);

  it.each([
    [0, 'Only a moment left'],
    [4.9, 'Only a moment left'],
    [5, 'About 5 seconds left'],
    [51, 'About 55 seconds left'],
    [56, 'About 1 minute left'],
    [60, 'About 1 minute left'],
    [61, 'About 2 minutes left'],
    [3_540, 'About 59 minutes left'],
    [3_541, 'About 1 hour left'],
    [3_601, 'About 2 hours left'],
    [90_000, 'More than a day left'],
  ])('%d seconds in English: %s', (seconds, text) => {
    expect(left('en', seconds)).toBe(text);
  });

  it.each([
    [1, 'Осталось совсем немного'],
    [10, 'Осталось примерно 10 секунд'],
    [60, 'Осталась примерно 1 минута'],
    [150, 'Осталось примерно 3 минуты'],
    [299, 'Осталось примерно 5 минут'],
    [11 * 60, 'Осталось примерно 11 минут'],
    [21 * 60, 'Осталась примерно 21 минута'],
    [22 * 60, 'Осталось примерно 22 минуты'],
    [3_600, 'Остался примерно 1 час'],
    [7_200, 'Осталось примерно 2 часа'],
    [5 * 3_600, 'Осталось примерно 5 часов'],
    [21 * 3_600, 'Остался примерно 21 час'],
    [86_400, 'Осталось больше суток'],
  ])('%d seconds in Russian: %s', (seconds, text) => {
    expect(left('ru', seconds)).toBe(text);
  });
});

describe('counts', () => {
  it('follow the plural rules of each language', () => {
    const counts = [0, 1, 2, 5, 11, 21, 22, 25, 101];
    const english = counts.map((count) => TEXTS.en.qa.findings.title(count));
    const russian = counts.map((count) => TEXTS.ru.qa.findings.title(count));
    expect(english).toEqual([
      '0 findings',
      '1 finding',
      '2 findings',
      '5 findings',
      '11 findings',
      '21 findings',
      '22 findings',
      '25 findings',
      '101 findings',
    ]);
    expect(russian).toEqual([
      '0 замечаний',
      '1 замечание',
      '2 замечания',
      '5 замечаний',
      '11 замечаний',
      '21 замечание',
      '22 замечания',
      '25 замечаний',
      '101 замечание',
    ]);
  });
});
