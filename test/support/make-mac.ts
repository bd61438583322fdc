import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../macos-tools/lib/tool.ts';
import { MACOS_TOOLS } from './fixtures.ts';

/**
 * Makes a folder for `--tools` that stands for another Mac than the usual one: the same doubles, another machine.json,
 * receipts of its own.
 *
 * @param folder is made
 * @param settings what differs, see test/macos-tools/README.md
 */
export function makeMac(folder: string, settings: Partial<Machine>): string {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(MACOS_TOOLS)) {
    const path = join(MACOS_TOOLS, name);
    const status = statSync(path);
    if (status.isFile() && (status.mode & 0o111) !== 0) symlinkSync(path, join(folder, name));
  }
  const usual: object = JSON.parse(readFileSync(join(MACOS_TOOLS, 'machine.json'), 'utf8'));
  writeFileSync(
    join(folder, 'machine.json'),
    JSON.stringify({ ...usual, receipts: join(folder, 'receipts'), ...settings }, null, 2),
  );
  return folder;
}
