/** One publication, in a process of its own: folder, version, channel, build, and `push` or nothing. */
import type { Channel } from '../../src/config.ts';
import { asUpdateError } from '../../src/errors.ts';
import { changeManifests } from '../../src/release/manifests/change-manifests.ts';
import { decidePublication } from '../../src/release/manifests/decide-publication.ts';
import { publishedManifest } from './manifests-world.ts';

const [folder = '', version = '', channel = 'beta', build = 'a', push = ''] = process.argv.slice(2);
const text = publishedManifest(version, channel as Channel, { build });
const reporter = { step: () => undefined, warn: () => undefined, progress: () => undefined };
try {
  const outcome = await changeManifests({ folder, push: push === 'push', reporter }, (shelf) =>
    decidePublication(shelf, channel as Channel, text),
  );
  const { written, isPushed, change } = outcome;
  process.stdout.write(JSON.stringify({ written, isPushed, standing: change.standing }));
} catch (error) {
  process.stdout.write(JSON.stringify(asUpdateError(error)));
  process.exitCode = 1;
}
