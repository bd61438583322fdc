/** Sizes and times as people write them. Everything goes through Intl. */
export interface Format {
  /** @param fraction 0 to 1; a whole percentage, rounded down, so that 100 % means done */
  readonly percent: (fraction: number) => string;
  /** @param bytes in decimal units, as in the Finder */
  readonly size: (bytes: number) => string;
  readonly speed: (bytesPerSecond: number) => string;
  readonly milliseconds: (value: number) => string;
  /** @returns null for what is no date */
  readonly date: (iso: string) => string | null;
  readonly dateAndTime: (iso: string) => string | null;
  readonly clock: (iso: string) => string | null;
  /** How long ago, e.g. `5 minutes ago`. */
  readonly ago: (iso: string, now: Date) => string | null;
}

const UNITS = [
  { unit: 'gigabyte', bytes: 1e9, digits: 2 },
  { unit: 'megabyte', bytes: 1e6, digits: 1 },
  { unit: 'kilobyte', bytes: 1e3, digits: 0 },
] as const;
const BYTES = { unit: 'byte', bytes: 1, digits: 0 } as const;

const AGES: readonly { readonly unit: Intl.RelativeTimeFormatUnit; readonly seconds: number }[] = [
  { unit: 'year', seconds: 365 * 86_400 },
  { unit: 'month', seconds: 30 * 86_400 },
  { unit: 'day', seconds: 86_400 },
  { unit: 'hour', seconds: 3_600 },
  { unit: 'minute', seconds: 60 },
];

/**
 * @param locale BCP 47
 * @param timeZone IANA name; this computer's where none is given
 */
export function makeFormat(locale: string, timeZone?: string): Format {
  const zone = timeZone === undefined ? {} : { timeZone };
  const percents = new Intl.NumberFormat(locale, {
    style: 'percent',
    maximumFractionDigits: 0,
    roundingMode: 'floor',
  });
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'long', ...zone });
  const datesAndTimes = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', ...zone });
  const clocks = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', ...zone });
  const ages = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

  const inUnits = (bytes: number, suffix: '' | '-per-second'): string => {
    const { unit, bytes: one, digits } = UNITS.find(({ bytes: least }) => bytes >= least) ?? BYTES;
    const unitDisplay = unit === 'byte' ? 'long' : 'short';
    const options = { style: 'unit', unit: `${unit}${suffix}`, unitDisplay, maximumFractionDigits: digits };
    return new Intl.NumberFormat(locale, options as Intl.NumberFormatOptions).format(bytes / one);
  };
  const ifDate = (iso: string, write: (date: Date) => string): string | null => {
    const date = new Date(iso);
    return Number.isNaN(date.getTime()) ? null : write(date);
  };

  return {
    percent: (fraction) => percents.format(fraction),
    size: (bytes) => inUnits(bytes, ''),
    speed: (bytesPerSecond) => inUnits(bytesPerSecond, '-per-second'),
    milliseconds: (value) =>
      new Intl.NumberFormat(locale, {
        style: 'unit',
        unit: 'millisecond',
        unitDisplay: 'short',
        maximumFractionDigits: 0,
      }).format(value),
    date: (iso) => ifDate(iso, (date) => dates.format(date)),
    dateAndTime: (iso) => ifDate(iso, (date) => datesAndTimes.format(date)),
    clock: (iso) => ifDate(iso, (date) => clocks.format(date)),
    ago: (iso, now) =>
      ifDate(iso, (date) => {
        // A clock that was set back must not speak of the future.
        const seconds = Math.max(0, (now.getTime() - date.getTime()) / 1000);
        const age = AGES.find((candidate) => seconds >= candidate.seconds);
        return age === undefined
          ? ages.format(0, 'second')
          : ages.format(-Math.floor(seconds / age.seconds), age.unit);
      }),
  };
}
