import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { StartUpdatesOptions } from '../../src/electron/settings.ts';
import type { ClientWorld } from '../electron/client-world.ts';
import { REPOSITORY } from '../support/fixtures.ts';

/**
 * A start of the app as a process of its own, with all that an exchange holds until its process has ended.
 *
 * @param wish what the person does once an update is ready
 */
export async function runClient(
  client: ClientWorld,
  more: Partial<StartUpdatesOptions>,
  wish: '--quit-when-ready' | '--restart-when-ready',
): Promise<void> {
  const { logger: _, ...options } = client.options(more);
  const script = join(REPOSITORY, 'test', 'support', 'client-child.ts');
  const words = [script, client.electron.userData, JSON.stringify(options), wish];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'ignore', 'inherit'] });
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`The app ended with ${child.exitCode ?? child.signalCode}.`);
}
