import { join } from 'node:path';
import { Command } from 'commander';
import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import { CHANNEL_FILES } from '../../manifest/manifest-file.ts';
import { interruptSignal } from '../interrupt.ts';
import { formatBytes, openTerminal } from '../terminal.ts';
import { channelOption, type ReleaseOptions, readReleaseSettings, withReleaseOptions } from './options.ts';

interface BridgeOptions extends ReleaseOptions {
  readonly channel: Channel;
}

export function bridgeCommand(): Command {
  const command = new Command('bridge')
    .description('copies what a channel offers onto its fixed tags, for installations that know nothing else')
    .addOption(channelOption('--channel <channel>', 'the channel').makeOptionMandatory())
    .addHelpText(
      'after',
      `
The fixed tags are Update and App (stable), UpdateBeta and AppBeta (beta). This is the only command that touches them.
docs/RELEASE_VERSIONING_AND_PUBLISHING.md says when to run it for the last time.

Example:
  $ nexy-release bridge --channel stable --manifests manifests`,
    )
    .action(runBridge);
  return withReleaseOptions(command);
}

async function runBridge(options: BridgeOptions): Promise<void> {
  const terminal = openTerminal(options.json);
  const settings = await readReleaseSettings(options);
  const { channel, manifests } = options;
  const [{ bridge }, { readOffer }, { withGitHub }, { readManifestFolder }] = await Promise.all([
    import('../../release/bridge/bridge.ts'),
    import('../../release/manifests/offer.ts'),
    import('../../release/with-github.ts'),
    import('../../release/manifests/manifest-folder.ts'),
  ]);
  const file = CHANNEL_FILES[channel];
  const held = (await readManifestFolder(manifests)).channels[channel];
  if (held === null)
    throw new UpdateError(
      'usage',
      `The ${channel} channel offers nothing: there is no ${join(manifests, file)}. Nothing was changed. Publish there first.`,
    );
  const offer = readOffer(held.bytes, settings.policy, { channel, file });
  const access = { settings, reporter: terminal, signal: interruptSignal() };
  const report = await withGitHub(access, (github) => bridge({ ...access, github, channel, offer }));
  terminal.endProgress();
  terminal.result(report);
  for (const { fixedTag, asset, action, size, sha256 } of report.assets) {
    const done = action === 'copied' ? terminal.style('green', 'copied') : 'already there';
    terminal.say(
      `${fixedTag}/${asset}: ${done} (${offer.version.text}, ${formatBytes(size)}, sha256 ${sha256.slice(0, 12)})`,
    );
  }
}
