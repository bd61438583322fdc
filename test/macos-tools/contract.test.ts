import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { canMakeImages } from '../support/make-image.ts';
import { type ContractRow, FIXTURES_FOLDER, type Need, runContractRow } from './contract.ts';

const folder = fileURLToPath(new URL('contract/', import.meta.url));
const tables = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length))
  .sort();

const available: Readonly<Record<Need, boolean>> = {
  fixtures: FIXTURES_FOLDER !== null,
  images: canMakeImages(),
  root: process.getuid?.() === 0,
  xattr: true,
};

for (const table of tables) {
  const { rows }: { rows: readonly ContractRow[] } = await import(`./contract/${table}.ts`);
  describe(`contract of ${table}`, () => {
    for (const row of rows) runRow(row);
  });
}

function runRow(row: ContractRow): void {
  // A row that is held to a recording needs the recording.
  const recordings: readonly Need[] = /\.(txt|plist)$/.test(row.source) ? ['fixtures'] : [];
  const missing = [...new Set([...recordings, ...(row.needs ?? [])])].filter((need) => !available[need]);
  const note = missing.length === 0 ? '' : ` (skipped: no ${missing.join(', ')} here)`;
  const test = missing.length === 0 ? it : it.skip;
  test(`double: ${row.name}${note}`, async () => {
    expect(await runContractRow(row, 'double')).toEqual([]);
  });
}
