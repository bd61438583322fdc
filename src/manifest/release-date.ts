/** A point in time finer than a `Date`: the publishing scripts wrote microseconds. */
export interface ReleaseDate {
  /** In UTC and whole seconds, for messages. */
  readonly text: string;
  /** Since 1970, of the whole second. */
  readonly milliseconds: number;
  /** Within that second. */
  readonly nanoseconds: number;
}

const FORM =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?(?:[Zz]|([+-]\d\d):?(\d\d))?)?$/;

/**
 * Reads a manifest's `release_date` (`2026-02-14T13:25:00.000000Z`, `...+00:00`). A time without a zone, as
 * Python's `isoformat()` writes it, counts as UTC. Null for anything else.
 */
export function parseReleaseDate(text: string): ReleaseDate | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [, day, time = '00:00', seconds = '00', fraction = '', zoneHours = '+00', zoneMinutes = '00'] = match;
  const milliseconds = Date.parse(`${day}T${time}:${seconds}${zoneHours}:${zoneMinutes}`);
  if (Number.isNaN(milliseconds)) return null;
  const wholeSeconds = new Date(milliseconds).toISOString().slice(0, -'.000Z'.length);
  return {
    text: `${wholeSeconds}Z`,
    milliseconds,
    nanoseconds: Number(fraction.slice(0, 9).padEnd(9, '0')),
  };
}
