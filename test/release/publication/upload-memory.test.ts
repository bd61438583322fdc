import { describe, expect, it } from 'vitest';
import { compilePublisher, publishLargeFile } from '../../support/large-upload.ts';
import { openPublishWorld } from '../../support/publish-world.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SIZE = 1024 ** 3;
/** Bytes of the whole process, Node itself included. */
const MEMORY_LIMIT = 120 * 1024 ** 2;
const ON_LINUX = process.platform === 'linux';

describe.skipIf(!ON_LINUX)(`publishing a file of 1 GiB${ON_LINUX ? '' : ' (skipped: needs /proc)'}`, () => {
  it('hashes it, uploads it and reads it back in less than 120 MB of memory', {
    timeout: 240_000,
  }, async () => {
    const { host } = await openPublishWorld();
    const program = await compilePublisher(await temporaryFolder());
    const folder = await temporaryFolder();
    const report = await publishLargeFile(host, program, { version: '1.0', size: SIZE, folder });
    expect(report).toMatchObject({ result: 'published' });
    expect(host.github.releases()).toMatchObject([{ assets: [{ size: SIZE, state: 'uploaded' }, {}] }]);
    const peak = report !== null && 'peakBytes' in report ? report.peakBytes : 0;
    expect(peak).toBeGreaterThan(0);
    expect(peak, `${Math.round(peak / 1024 ** 2)} MiB`).toBeLessThan(MEMORY_LIMIT);
  });
});
