import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSkippedVersion, skipVersion } from '../../src/check/skips.ts';
import { parseVersion } from '../../src/version.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('skips', () => {
  it('remember one version, until another or none', async () => {
    const folder = join(await temporaryFolder(), 'state');
    expect(await readSkippedVersion(folder)).toBeNull();
    await skipVersion(folder, parseVersion('2.0.0.46'));
    expect(await readSkippedVersion(folder)).toEqual(parseVersion('2.0.0.46'));
    await skipVersion(folder, parseVersion('2.1'));
    expect(await readSkippedVersion(folder)).toEqual(parseVersion('2.1'));
    await skipVersion(folder, null);
    expect(await readSkippedVersion(folder)).toBeNull();
  });

  it.each(['', '{', 'null', '[]', '"2.0"', '{"version": 2}', '{"version": "v2"}'])(
    'skip nothing when damaged (%j)',
    async (content) => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, 'skipped.json'), content);
      expect(await readSkippedVersion(folder)).toBeNull();
    },
  );
});
