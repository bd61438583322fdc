import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readArchitectures } from '../../../src/bundle/architectures.ts';
import { readBundle } from '../../../src/bundle/bundle.ts';
import { extractImage } from '../../../src/image/read-image.ts';
import { type BuildPlan, buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import { inspectArtifact } from '../../../src/release/inbox/inspect-artifact.ts';
import { REPOSITORY } from '../../support/fixtures.ts';
import { canMakeImages } from '../../support/make-image.ts';
import { runScript } from '../../support/run-script.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { describeTree } from '../../support/tree.ts';

const PLANS: readonly BuildPlan[] = [
  buildPlan('2.0.0.46'),
  buildPlan('2.0.0.46', { label: 'again' }),
  buildPlan('2.0.0.46', { updater: 'ours' }),
  buildPlan('2.0.0.46', { bundleVersion: '20046' }),
  buildPlan('2.0.0.46', { minimumOs: '13.0' }),
  buildPlan('2.0.0.47'),
  buildPlan('2.0.0.46', { kind: 'text' }),
  buildPlan('2.0.0.47', { kind: 'text' }),
];

it('gives the same plan the same bytes, and the same object', () => {
  const [once, again] = [buildPlan('2.0.0.46'), buildPlan('2.0.0.46')].map(makeBuild);
  expect(once).toBe(again);
  expect(
    createHash('sha256')
      .update(once?.bytes ?? '')
      .digest('hex'),
  ).toBe(once?.sha256);
});

it('gives every other plan other bytes, and images other sizes', () => {
  const builds = PLANS.map(makeBuild);
  expect(new Set(builds.map(({ sha256 }) => sha256)).size).toBe(PLANS.length);
  const sizes = builds.filter(({ plan }) => plan.kind === 'app').map(({ bytes }) => bytes.length);
  expect(new Set(sizes).size).toBeGreaterThan(1);
  expect(sizes.filter((size) => size % 512 !== 0)).toEqual([]);
});

it('makes images with one app that can be read with 7-Zip, whatever follows the volume', async () => {
  for (const plan of PLANS.filter(({ kind }) => kind === 'app')) {
    const folder = await extract(makeBuild(plan).bytes);
    const app = await readBundle(join(folder, 'Nexy.app'));
    expect(app).toMatchObject({
      bundleId: 'com.nexy.assistant',
      shortVersion: plan.version,
      bundleVersion: plan.bundleVersion,
      minimumSystemVersion: plan.minimumOs,
    });
    const program = join(app.path, 'Contents', 'MacOS', 'Nexy');
    expect(await readArchitectures(program)).toEqual(['arm64', 'x86_64']);
    expect(statSync(program).mode & 0o111).not.toBe(0);
  }
});

it('makes what the publish flow takes', async () => {
  const plan = buildPlan('2.0.0.46', { minimumOs: '12.0' });
  const path = join(await temporaryFolder(), 'Nexy.dmg');
  await writeFile(path, makeBuild(plan).bytes);
  expect(await inspectArtifact('Nexy.dmg', path)).toMatchObject({
    isReadable: true,
    payload: {
      bundleId: 'com.nexy.assistant',
      shortVersion: '2.0.0.46',
      minimumSystemVersion: '12.0',
      architectures: ['arm64', 'x86_64'],
    },
    warnings: [],
  });
});

it('makes text files of 33 bytes, which are no images', async () => {
  const { bytes } = makeBuild(buildPlan('2.0.0.46', { kind: 'text' }));
  expect(bytes).toHaveLength(33);
  expect(Buffer.from(bytes).toString('latin1')).toMatch(/^[\x20-\x7e]+\n$/);
  await expect(extract(bytes)).rejects.toMatchObject({ code: 'image-unreadable' });
});

// Identifiers in the partition map are random, so that the files themselves differ.
it.skipIf(!canMakeImages())(
  'has a template that holds what scripts/make-lab-image.ts puts in (skipped: xorriso is not there)',
  async () => {
    const out = join(await temporaryFolder(), 'Nexy.img.gz');
    const script = await runScript('../../scripts/make-lab-image.ts', ['--out', out]);
    expect(script).toMatchObject({ status: 0, stderr: '' });
    const [checkedIn, fresh] = await Promise.all(
      [join(REPOSITORY, 'resources', 'lab', 'Nexy.img.gz'), out].map((path) =>
        extract(gunzipSync(readFileSync(path))),
      ),
    );
    expect(describeTree(checkedIn ?? '')).toHaveLength(11);
    expect(describeTree(checkedIn ?? '')).toEqual(describeTree(fresh ?? ''));
  },
);

async function extract(bytes: Uint8Array): Promise<string> {
  const folder = await temporaryFolder();
  const image = join(folder, 'image');
  await writeFile(image, bytes);
  await mkdir(join(folder, 'volume'));
  await extractImage(image, join(folder, 'volume'));
  return join(folder, 'volume');
}
