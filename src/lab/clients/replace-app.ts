import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../../install/tools.ts';
import type { LabWorld } from './client.ts';
import { findFolder, withDiskImage } from './disk-image.ts';
import { copyApp } from './finish-install.ts';
import { endCheck } from './run-check.ts';

type Place = Pick<LabWorld, 'mac' | 'folder' | 'trace'>;

/**
 * How the old clients install: an app in the disk image with any valid signature takes the installed one's place,
 * whose it may be and whatever its version. That there is no app at all for a moment, and that it is not compared
 * with the installed one, is what they do.
 */
export async function replaceApp(place: Place, bytes: Uint8Array): Promise<void> {
  await withDiskImage(place, bytes, async (volume) => {
    const app =
      (await findFolder(volume, (path) => path === join(volume, 'Nexy.app'))) ??
      (await findFolder(volume, (_, name) => name.endsWith('.app')));
    if (app === null) throw endCheck('failed', 'payload-not-found', 'There is no app in the disk image.');
    await assertAccepted(place, 'codesign', ['--verify', '--deep', '--strict', app], 'signature-invalid');
    await assertAccepted(place, 'spctl', ['--assess', '--type', 'execute', app], 'gatekeeper-rejected');
    await exchange(place, app);
  });
}

async function assertAccepted(
  { mac }: Place,
  tool: 'codesign' | 'spctl',
  args: readonly string[],
  reason: string,
): Promise<void> {
  const result = await mac.run(tool, args, {});
  if (result.status === 0) return;
  throw endCheck('failed', reason, `${tool} does not accept the new app (${outputOf(result)}).`);
}

async function exchange(place: Place, app: string): Promise<void> {
  const { mac, trace } = place;
  const backup = `${mac.app}.backup`;
  trace({ kind: 'step', text: 'the installed app becomes Nexy.app.backup' });
  await rm(backup, { recursive: true, force: true });
  await rename(mac.app, backup);
  try {
    await copyApp(place, app, mac.app);
  } catch (error) {
    await rm(mac.app, { recursive: true, force: true });
    await rename(backup, mac.app);
    throw error;
  }
  trace({ kind: 'step', text: 'Nexy.app.backup goes' });
  await rm(backup, { recursive: true, force: true });
}
