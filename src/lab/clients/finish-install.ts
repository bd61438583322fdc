import { outputOf } from '../../install/tools.ts';
import type { CheckResult, LabWorld } from './client.ts';
import { endCheck } from './run-check.ts';

type Place = Pick<LabWorld, 'mac' | 'trace'>;

/** Copies an app to where nothing is; what a failed copy has left there is the caller's. */
export async function copyApp({ mac }: Place, from: string, to: string): Promise<void> {
  const copied = await mac.run('ditto', [from, to], {});
  if (copied.status === 0) return;
  throw endCheck('failed', 'copy-failed', `The new app could not be copied: ${outputOf(copied)}`);
}

/** Opens what lies at the installed app's place now; nobody looks whether it comes up. */
export async function finishInstall({ mac, trace }: Place): Promise<CheckResult> {
  trace({ kind: 'step', text: 'relaunch' });
  await mac.run('open', [mac.app], {});
  const { version } = await mac.installed();
  return { action: 'installed', reason: 'newer', message: `${version} was installed.` };
}
