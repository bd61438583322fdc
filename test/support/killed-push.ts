import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import { type ChangeOutcome, changeManifests } from '../../src/release/manifests/change-manifests.ts';
import { decidePublication, type PublicationChange } from '../../src/release/manifests/decide-publication.ts';
import { type Clone, isSettled, openGitWorld } from './git-world.ts';
import { listeningReporter, publishedManifest, readFolder } from './manifests-world.ts';
import { runScript } from './run-script.ts';

const OLD = publishedManifest('2.0.0.45', 'beta');
const NEW = publishedManifest('2.0.0.46', 'beta');

/** Offers a version on the beta channel from a clone, with `--push`. */
export function publishAndPush({ manifests }: Clone, text = NEW): Promise<ChangeOutcome<PublicationChange>> {
  const options = { folder: manifests, push: true, reporter: listeningReporter() };
  return changeManifests(options, (shelf) => decidePublication(shelf, 'beta', text));
}

/**
 * The same in a process that is killed after so many calls that write and programs that ran; then again, to the end.
 *
 * @returns whether it was killed: it may have had nothing left to do
 */
export async function publishKilledAfter(killAfter: number): Promise<boolean> {
  const world = await openGitWorld();
  world.commit({ 'manifest_beta.json': OLD });
  const clone = world.clone('mine');
  const wanted = [clone.manifests, '2.0.0.46', 'beta', 'a', 'push'];
  const { signal, status } = await runScript('change-manifests-child.ts', wanted, { killAfter });
  expect([OLD, NEW]).toContain(readFolder(clone.manifests)['manifest_beta.json']);
  await publishAndPush(clone);
  expect(world.log()).toEqual(['2.0.0.46 is offered on the beta channel', 'Somebody else', 'First']);
  expect(isSettled(clone)).toBe(true);
  expect(readFolder(clone.manifests)).toEqual({
    'README.md': 'updates\n',
    'manifest_beta.json': NEW,
    'manifest_2.0.0.46.json': NEW,
  });
  expect(await publishAndPush(clone)).toMatchObject({ written: [], isPushed: false });
  rmSync(world.folder, { recursive: true });
  if (signal !== 'SIGKILL') expect(status).toBe(0);
  return signal === 'SIGKILL';
}
