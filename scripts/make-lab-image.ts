/**
 * Makes the disk image that the lab's builds are made of: a small Nexy.app on a raw HFS Plus volume, zipped. Its
 * Info.plist is written over by src/lab/builds/make-build.ts. On a Mac with Apple's hdiutil, elsewhere with the
 * double, which needs xorriso.
 *
 *   node scripts/make-lab-image.ts [--out resources/lab/Nexy.img.gz]
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { BUNDLE_ID, writeInfoPlist } from '../src/lab/builds/info-plist.ts';
import { TEMPLATE_PLAN } from '../src/lab/builds/make-build.ts';
import { SEAL_FILE, TEAM } from '../src/lab/mac/code-signature.ts';
import { makeApp } from '../test/support/make-app.ts';
import { makeImage } from '../test/support/make-image.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { out: { type: 'string', default: join(repository, 'resources', 'lab', 'Nexy.img.gz') } },
});

/** xorriso takes the time of the volume from here (reproducible-builds.org), so that the same bytes come out again. */
const DATE = new Date('2026-03-12T00:00:00Z');
process.env['SOURCE_DATE_EPOCH'] = String(DATE.getTime() / 1000);

const folder = mkdtempSync(join(tmpdir(), 'nexy-lab-image-'));
try {
  const source = join(folder, 'source');
  mkdirSync(source);
  await makeApp({
    folder: source,
    bundleId: BUNDLE_ID,
    executable: { kind: 'mach-o', architectures: ['arm64', 'x86_64'] },
    extraFiles: { 'Contents/Info.plist': writeInfoPlist(TEMPLATE_PLAN), [SEAL_FILE]: `${TEAM}\n` },
    // The lab's Macs look at the file above; a real signature would not survive another Info.plist.
    sign: false,
    tools: '',
  });
  for (const { parentPath, name } of readdirSync(source, { recursive: true, withFileTypes: true }))
    utimesSync(join(parentPath, name), DATE, DATE);
  utimesSync(source, DATE, DATE);
  const image = makeImage({
    sourceFolder: source,
    volumeName: 'Nexy',
    output: join(folder, 'Nexy.dmg'),
    format: 'UDRW',
  });
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, gzipSync(readFileSync(image), { level: 9 }));
  process.stdout.write(`${values.out}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
