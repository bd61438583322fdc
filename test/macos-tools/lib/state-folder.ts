import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readMachine } from './tool.ts';

/** `<TMPDIR or /tmp>/macos-tools-<user id>/`, for its owner alone: what the doubles remember between two calls. */
export function stateFolder(): string {
  const user = process.getuid?.() ?? 0;
  return ownFolder(join(temporaryFolder(), `macos-tools-${user}`), 0o700);
}

/** What was installed on this Mac: root's, readable by all. Need not exist. */
export function receiptsFolder(): string {
  return readMachine().receipts ?? join(temporaryFolder(), 'macos-tools-receipts');
}

/** Makes the folder of the receipts; only root may. */
export function makeReceiptsFolder(): string {
  return ownFolder(receiptsFolder(), 0o755);
}

function ownFolder(folder: string, mode: number): string {
  const user = process.getuid?.() ?? 0;
  mkdirSync(folder, { recursive: true, mode });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== user)
    throw Object.assign(new Error(`${folder} belongs to somebody else`), { code: 'EACCES' });
  return folder;
}

function temporaryFolder(): string {
  return process.env['TMPDIR'] || '/tmp';
}
