import { randomUUID } from 'node:crypto';
import { link, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, writeTemporaryFile } from '../durable.ts';
import { readStateText } from './state-file.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The random id of this installation, made at the first call and kept in `<state>/installation-id` (mode
 * 0600). It never leaves the machine: it only decides the rollout bucket. A damaged one is replaced. Two
 * processes that start at once agree on one id.
 */
export async function readInstallationId(stateFolder: string): Promise<string> {
  const path = idPath(stateFolder);
  const known = await readKnownId(path);
  if (known !== null) return known;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const id = randomUUID();
  const temporary = await writeTemporaryFile(path, `${id}\n`);
  try {
    // A link is refused where the file exists, and is there with its whole content or not at all.
    await link(temporary, path);
  } catch {
    // Another process was faster, the file is damaged, or the volume has no links of this kind.
    const other = await readKnownId(path);
    if (other !== null) return other;
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
  return id;
}

/** Whether there is an id already. Makes none. */
export async function hasInstallationId(stateFolder: string): Promise<boolean> {
  return (await readKnownId(idPath(stateFolder))) !== null;
}

function idPath(stateFolder: string): string {
  return join(stateFolder, 'installation-id');
}

async function readKnownId(path: string): Promise<string | null> {
  try {
    const id = (await readStateText(path)).trim();
    return UUID.test(id) ? id : null;
  } catch {
    return null;
  }
}
