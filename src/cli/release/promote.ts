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

interface PromoteOptions extends ReleaseOptions, PushOption {
  readonly from: Channel;
  readonly to: Channel;
  readonly rollout?: number;
  readonly critical: boolean;
}

export function promoteCommand(): Command {
  const command = new Command('promote')
    .description('offers on one channel what another one offers: the same tag, the same bytes')
    .addOption(channelOption('--from <channel>', 'the channel that offers it').makeOptionMandatory())
    .addOption(channelOption('--to <channel>', 'the channel that is to offer it').makeOptionMandatory())
    .option('--rollout <percent>', 'offer it to so many of all installations at first', parsePercentage)
    .option('--critical', 'offer it to everybody at once, past rollout and skipped versions', false)
    .addHelpText(
      'after',
      `
Before anything is written, the release is compared with the manifest: at GitHub where a token is set, and always as
the world downloads it.

Example:
  $ nexy-release promote --from beta --to stable --manifests manifests --rollout 10 --push`,
    )
    .action(runPromote);
  return withPush(withReleaseOptions(command));
}

async function runPromote(options: PromoteOptions): Promise<void> {
  const terminal = openTerminal(options.json);
  const settings = await readReleaseSettings(options);
  const [{ promote }, { assertOffered }, { readOffer }, { withGitHubIfAllowed }] = await Promise.all([
    import('../../release/manifests/promote.ts'),
    import('../../release/verify/compare-offer.ts'),
    import('../../release/manifests/offer.ts'),
    import('../../release/with-github.ts'),
  ]);
  const signal = interruptSignal();
  const access = { settings, reporter: terminal, signal };
  const { from, to, push, critical, manifests } = options;
  const { change, written } = await promote(
    {
      from,
      to,
      policy: settings.policy,
      rolloutPercentage: options.rollout ?? null,
      critical,
      now: new Date(),
    },
    { folder: manifests, push, reporter: terminal, signal },
    ({ manifest }) => {
      const offer = readOffer(manifest.bytes, settings.policy, { channel: from, file: CHANNEL_FILES[from] });
      return withGitHubIfAllowed(access, (github) => assertOffered({ ...access, github }, offer));
    },
  );
  for (const remark of change.remarks) terminal.warn(remark);
  const path = join(manifests, CHANNEL_FILES[to]);
  const changed = written.length > 0;
  const { version } = change.manifest;
  terminal.result({ from, to, version: version.text, tag: change.tag, manifest: { path, changed } });
  terminal.say(
    changed
      ? `${terminal.style('green', 'Promoted')} ${version.text}: ${to} offers what ${from} offers.`
      : `${to} offers ${version.text} already; nothing was changed.`,
  );
}
