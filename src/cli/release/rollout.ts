import { join } from 'node:path';
import { Command } from 'commander';
import type { Channel } from '../../config.ts';
import { CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import { interruptSignal } from '../interrupt.ts';
import { openTerminal } from '../terminal.ts';
import {
  channelOption,
  type PushOption,
  parsePercentage,
  type ReleaseOptions,
  readReleaseSettings,
  withPush,
  withReleaseOptions,
} from './options.ts';

interface RolloutOptions extends ReleaseOptions, PushOption {
  readonly channel: Channel;
  readonly percentage: number;
}

export function rolloutCommand(): Command {
  const command = new Command('rollout')
    .description('changes to how many installations a channel offers its version')
    .addOption(channelOption('--channel <channel>', 'the channel').makeOptionMandatory())
    .requiredOption('--percentage <percent>', '0 stops the offer, 100 opens it to all', parsePercentage)
    .addHelpText(
      'after',
      `
Each installation has its own fixed place in the row, so a higher percentage only ever adds some. A critical version is
offered to everybody, whatever this says.

Example:
  $ nexy-release rollout --channel stable --percentage 50 --manifests manifests --push`,
    )
    .action(runRollout);
  return withPush(withReleaseOptions(command));
}

async function runRollout(options: RolloutOptions): Promise<void> {
  const terminal = openTerminal(options.json);
  const { policy } = await readReleaseSettings(options);
  const { setRollout } = await import('../../release/manifests/set-rollout.ts');
  const { channel, percentage, push, manifests } = options;
  const { change, written } = await setRollout(
    { channel, percentage, policy },
    { folder: manifests, push, reporter: terminal, signal: interruptSignal() },
  );
  for (const remark of change.remarks) terminal.warn(remark);
  const path = join(manifests, CHANNEL_FILES[channel]);
  const changed = written.length > 0;
  const version = change.manifest.version.text;
  terminal.result({ channel, version, from: change.before, to: percentage, manifest: { path, changed } });
  terminal.say(
    changed
      ? `${channel} offers ${version} to ${percentage} % of installations (before: ${change.before} %).`
      : `${channel} offers ${version} to ${percentage} % already; nothing was changed.`,
  );
}
