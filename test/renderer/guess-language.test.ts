import { describe, expect, it } from 'vitest';
import { guessLanguage } from '../../src/renderer/guess-language.ts';

describe('guessLanguage', () => {
  it.each([
    ['## New\n- A calmer voice', 'en'],
    ['## Что нового\n- Более спокойный голос', 'ru'],
    // Names, code and addresses are Latin anywhere.
    ['Исправлено: VoiceOver, Nexy и `tray.icon` ([#12](https://example.com/12)) снова работают вместе', 'ru'],
    ['There is a new voice: Алёна', 'en'],
    ['', 'en'],
    ['1. 2. 3.', 'en'],
  ])('of %j says %s', (text, language) => {
    expect(guessLanguage(text)).toBe(language);
  });
});
