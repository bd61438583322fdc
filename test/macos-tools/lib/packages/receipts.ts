import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeReceiptsFolder, receiptsFolder } from '../state-folder.ts';

/** What the installer remembers of a package. */
export interface Receipt {
  readonly identifier: string;
  readonly version: string;
  /** Without the leading slash, as pkgutil prints it; empty for the volume's root. */
  readonly location: string;
  /** Seconds since 1970. */
  readonly installTime: number;
}

/** All receipts, by identifier. Anybody may read them. */
export function listReceipts(): readonly Receipt[] {
  let names: readonly string[];
  try {
    names = readdirSync(receiptsFolder());
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(receiptsFolder(), name), 'utf8')) as Receipt);
}

export function findReceipt(identifier: string): Receipt | null {
  return listReceipts().find((receipt) => receipt.identifier === identifier) ?? null;
}

export function writeReceipt(receipt: Receipt): void {
  const path = join(makeReceiptsFolder(), fileName(receipt.identifier));
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(receipt), { mode: 0o644 });
  renameSync(temporary, path);
}

export function forgetReceipt(identifier: string): void {
  rmSync(join(receiptsFolder(), fileName(identifier)));
}

function fileName(identifier: string): string {
  return `${encodeURIComponent(identifier)}.json`;
}
