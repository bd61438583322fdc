import { describe, expect, it } from 'vitest';
import { makeFormat } from '../../src/texts/format.ts';

/** CLDR writes all sorts of spaces. */
const plain = (text: string | null): string | null => text?.replaceAll(/\s/g, ' ') ?? null;

const english = makeFormat('en-GB', 'UTC');
const russian = makeFormat('ru-RU', 'Europe/Moscow');
const NOW = new Date('2026-11-24T12:00:00Z');

describe('makeFormat', () => {
  it.each([
    [0, '0 bytes', '0 байт'],
    [1, '1 byte', '1 байт'],
    [999, '999 bytes', '999 байт'],
    [1_000, '1 kB', '1 кБ'],
    [308_005_520, '308 MB', '308 МБ'],
    [123_456_789, '123.5 MB', '123,5 МБ'],
    [4_294_967_296, '4.29 GB', '4,29 ГБ'],
  ])('writes %d bytes in decimal units, as the Finder does', (bytes, inEnglish, inRussian) => {
    expect(plain(english.size(bytes))).toBe(inEnglish);
    expect(plain(russian.size(bytes))).toBe(inRussian);
  });

  it('writes speeds', () => {
    expect(plain(english.speed(5_300_000))).toBe('5.3 MB/s');
    // CLDR's own abbreviation of the second may be a Latin letter.
    expect(plain(russian.speed(5_300_000))).toMatch(/^5,3 МБ\/[сc]$/);
    expect(plain(english.speed(0))).toMatch(/^0 bytes? per second$/);
  });

  it('rounds percentages down, so that 100 % means done', () => {
    expect(plain(english.percent(0.9999))).toBe('99%');
    expect(plain(english.percent(1))).toBe('100%');
    expect(plain(russian.percent(0.255))).toBe('25 %');
  });

  it('never shows less of a percentage than there is, whatever binary fractions do to it', () => {
    for (let percent = 0; percent <= 100; percent++) {
      expect(plain(english.percent(percent / 100))).toBe(`${percent}%`);
    }
  });

  it('writes dates and times of the person, and nothing for what is none', () => {
    expect(plain(english.date('2026-03-12T22:30:00Z'))).toBe('12 March 2026');
    expect(plain(russian.date('2026-03-12T22:30:00Z'))).toBe('13 марта 2026 г.');
    expect(plain(english.dateAndTime('2026-03-12T22:30:00Z'))).toBe('12 March 2026 at 22:30');
    expect(plain(english.clock('2026-03-12T22:30:05Z'))).toBe('22:30:05');
    for (const write of [english.date, english.dateAndTime, english.clock]) expect(write('soon')).toBe(null);
    expect(english.ago('soon', NOW)).toBe(null);
  });

  it.each([
    ['2026-11-24T11:59:30Z', 'now', 'сейчас'],
    ['2026-11-24T11:59:00Z', '1 minute ago', '1 минуту назад'],
    ['2026-11-24T11:55:00Z', '5 minutes ago', '5 минут назад'],
    ['2026-11-24T09:59:59Z', '2 hours ago', '2 часа назад'],
    ['2026-11-23T11:00:00Z', 'yesterday', 'вчера'],
    ['2026-11-20T11:00:00Z', '4 days ago', '4 дня назад'],
    ['2026-10-01T11:00:00Z', 'last month', 'в прошлом месяце'],
    ['2024-10-01T11:00:00Z', '2 years ago', '2 года назад'],
    // A clock that was set back.
    ['2026-11-24T13:00:00Z', 'now', 'сейчас'],
  ])('says how long %s is ago', (iso, inEnglish, inRussian) => {
    expect(english.ago(iso, NOW)).toBe(inEnglish);
    expect(russian.ago(iso, NOW)).toBe(inRussian);
  });
});
