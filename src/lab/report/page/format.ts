const NUMBER = new Intl.NumberFormat('en');
const ONE_DIGIT = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function count(value: number, one: string, many = `${one}s`): string {
  return `${NUMBER.format(value)} ${value === 1 ? one : many}`;
}

export function number(value: number): string {
  return NUMBER.format(value);
}

/** Decimal units, as the Finder shows them. */
export function size(bytes: number): string {
  if (bytes < 1000) return count(bytes, 'byte');
  const units = ['kB', 'MB', 'GB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${ONE_DIGIT.format(value)} ${units[unit]}`;
}

export function seconds(milliseconds: number): string {
  return `${ONE_DIGIT.format(milliseconds / 1000)} s`;
}

export function shortDigest(sha256: string): string {
  return sha256.slice(0, 8);
}
