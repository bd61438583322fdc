import { join } from 'node:path';
import { readStateFile, writeStateFile } from '../check/state-file.ts';
import { CHANNELS, type Channel } from '../config.ts';

/** What the client remembers from one start to the next. */
export interface ClientRecord {
  /** What the person chose; null for the app's own default. */
  readonly channel: Channel | null;
  /** ISO 8601; null for never. */
  readonly lastCheckedAt: string | null;
  /** Which outcome of an install was told already, so that it is told once. */
  readonly toldInstall: string | null;
}

/** A damaged record is as good as none: nothing in it is worth failing for. */
export async function readClientRecord(stateFolder: string): Promise<ClientRecord> {
  const { value } = await readStateFile(recordPath(stateFolder));
  const textAt = (key: string): string | null => {
    const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : null;
    return typeof member === 'string' && member.length <= 200 ? member : null;
  };
  const at = textAt('lastCheckedAt');
  return {
    channel: CHANNELS.find((known) => known === textAt('channel')) ?? null,
    lastCheckedAt: at === null || Number.isNaN(Date.parse(at)) ? null : at,
    toldInstall: textAt('toldInstall'),
  };
}

export async function writeClientRecord(stateFolder: string, record: ClientRecord): Promise<void> {
  await writeStateFile(recordPath(stateFolder), record);
}

function recordPath(stateFolder: string): string {
  return join(stateFolder, 'client.json');
}
