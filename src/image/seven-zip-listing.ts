export type Properties = ReadonlyMap<string, string>;

export interface Listing {
  /** From the outermost archive to the innermost, e.g. `Dmg`, `HFS`. */
  readonly types: readonly string[];
  /** Path of the partition within a UDIF image, e.g. `2.hfs`. */
  readonly partition: string | null;
  readonly name: string | null;
  readonly volumeCount: number;
  readonly items: readonly Properties[];
}

/** Reads `7zz l -slt`. Names cannot forge lines: 7-Zip prints their line breaks as `_`. */
export function parseListing(lines: readonly string[]): Listing {
  const begin = lines.indexOf('--');
  const end = lines.indexOf('----------');
  const head = begin < 0 || end < 0 ? [] : lines.slice(begin, end);
  const valuesOf = (key: string) =>
    head.filter((line) => line.startsWith(key)).map((line) => line.slice(key.length));
  const items: Map<string, string>[] = [];
  for (const line of end < 0 ? [] : lines.slice(end + 1)) {
    const equals = line.indexOf(' = ');
    const [key, value] =
      equals < 0 ? [line.replace(/ =$/, ''), ''] : [line.slice(0, equals), line.slice(equals + 3)];
    if (key === 'Path') items.push(new Map());
    if (line !== '') items.at(-1)?.set(key, value);
  }
  const inner = head.indexOf('----');
  return {
    types: valuesOf('Type = '),
    partition: inner < 0 ? null : (head[inner + 1]?.replace(/^Path = /, '') ?? null),
    name: valuesOf('volume_name: ')[0] ?? valuesOf('Name = ').at(-1) ?? null,
    volumeCount: valuesOf('fs_index: ').length,
    items: items.filter((item) => item.get('Alternate Stream') !== '+'),
  };
}

/** `drwxr-sr-t` as bits; null when it is nothing of the kind. */
export function parseMode(text: string): number | null {
  if (!/^.[r-][w-][xsS-][r-][w-][xsS-][r-][w-][xtT-]$/.test(text)) return null;
  const plain = [...text.slice(1)].reduce(
    (bits, letter) => (bits << 1) | (/[rwxst]/.test(letter) ? 1 : 0),
    0,
  );
  const special = [text[3], text[6], text[9]].reduce(
    (bits, letter) => (bits << 1) | (/[sStT]/.test(letter ?? '') ? 1 : 0),
    0,
  );
  return plain | (special << 9);
}
