import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readClientRecord, writeClientRecord } from '../../src/electron/client-record.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NOTHING = { channel: null, lastCheckedAt: null, toldInstall: null };

it('what the client remembers is there at the next start', async () => {
  const folder = await temporaryFolder();
  expect(await readClientRecord(folder)).toEqual(NOTHING);
  const record = {
    channel: 'beta',
    lastCheckedAt: '2026-03-12T09:00:00.000Z',
    toldInstall: 'installed 2',
  } as const;
  await writeClientRecord(folder, record);
  expect(await readClientRecord(folder)).toEqual(record);
});

it.each(['', '{', '[]', 'null', '"text"', '{"channel":"nightly","lastCheckedAt":"soon","toldInstall":7}'])(
  'a record that reads %j is as good as none',
  async (text) => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'client.json'), text, { mode: 0o600 });
    expect(await readClientRecord(folder)).toEqual(NOTHING);
  },
);
