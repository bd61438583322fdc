/**
 * Makes the disk images of the demo: two versions of a small Nexy.app, signed ad hoc with one designated requirement.
 * On a Mac with Apple's tools, elsewhere with the doubles (which need xorriso).
 *
 *   node scripts/make-demo-images.ts [--out resources/demo]
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeImage } from '../test/support/make-image.ts';
import { makeNexy } from '../test/support/update-world.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { out: { type: 'string', default: join(repository, 'resources', 'demo') } },
});
const tools = process.platform === 'darwin' ? '/usr/bin' : join(repository, 'test', 'macos-tools');

/** Bytes that no compression makes smaller, the same at every run, so that there is something to download. */
function filling(seed: string, bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, bytes);
}

mkdirSync(values.out, { recursive: true });
for (const version of ['2.0.0.45', '2.0.0.46']) {
  const folder = mkdtempSync(join(tmpdir(), 'nexy-demo-image-'));
  try {
    const extraFiles = { 'Contents/Resources/app.asar': filling(version, 480_000) };
    await makeNexy(folder, version, { extraFiles, tools });
    const output = join(values.out, `Nexy-${version}.dmg`);
    await makeImage({ sourceFolder: folder, volumeName: 'Nexy', output, tools });
    process.stdout.write(`${output}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
