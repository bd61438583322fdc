import { Command } from 'commander';
import type { Channel } from '../../config.ts';
import type { PublishReport } from '../../release/publish.ts';
import { parseVersion } from '../../version.ts';
import { interruptSignal } from '../interrupt.ts';
import { openTerminal, type Terminal } from '../terminal.ts';
import { inspectInChild } from './inspect-in-child.ts';
import {
  channelOption,
  type PushOption,
  parsePercentage,
  type ReleaseOptions,
  readReleaseSettings,
  withPush,
  withReleaseOptions,
} from './options.ts';
import { planTable } from './plan-table.ts';

interface PublishOptions extends ReleaseOptions, PushOption {
  readonly version: string;
  readonly inbox: string;
  readonly channel: Channel;
  readonly critical: boolean;
  readonly rollout?: number;
  readonly minOs?: string;
  readonly dryRun: boolean;
}

export function publishCommand(): Command {
  const command = new Command('publish')
    .description('publishes a build under its version tag, and offers it on a channel')
    .requiredOption('--version <X.Y.Z.W>', 'the version that the build is of')
    .requiredOption('--inbox <dir>', 'the folder with Nexy.dmg, Nexy.pkg and LATEST_CHANGES.md')
    .addOption(channelOption('--channel <channel>', 'the channel that offers it').makeOptionMandatory())
    .option('--critical', 'offer it to everybody at once, past rollout and skipped versions', false)
    .option('--rollout <percent>', 'offer it to so many of all installations at first', parsePercentage)
    .option('--min-os <version>', 'the oldest macOS that it runs on; has to be what the app itself says')
    .option('--dry-run', 'only read, and say what would be done', false)
    .addHelpText(
      'after',
      `
A version tag is published once and never changes. Publishing the same bytes again does nothing, other bytes are
refused, and a run that was cut off is finished by the next. The token comes from GITHUB_TOKEN or GH_TOKEN.

Example:
  $ nexy-release publish --version 2.0.0.46 --inbox build --channel beta --manifests manifests --push`,
    )
    .action(runPublish);
  return withPush(withReleaseOptions(command));
}

async function runPublish(options: PublishOptions): Promise<void> {
  const terminal = openTerminal(options.json);
  const settings = await readReleaseSettings(options);
  const version = parseVersion(options.version);
  const { publish } = await import('../../release/publish.ts');
  const report = await publish({
    settings,
    version,
    inbox: options.inbox,
    channel: options.channel,
    manifests: options.manifests,
    push: options.push,
    critical: options.critical,
    rolloutPercentage: options.rollout ?? null,
    minimumOs: options.minOs ?? null,
    isDryRun: options.dryRun,
    reporter: terminal,
    signal: interruptSignal(),
    inspect: inspectInChild,
  });
  terminal.endProgress();
  terminal.result(report);
  describeReport(report, options.channel, terminal);
}

function describeReport(
  { tag, result, plan, manifest }: PublishReport,
  channel: Channel,
  terminal: Terminal,
) {
  terminal.say(planTable(plan, terminal));
  const isNew = manifest.changed;
  switch (result) {
    case 'dry-run':
      terminal.say(
        `Dry run: nothing was written. ${manifest.path} would ${isNew ? 'change' : 'stay as it is'}.`,
      );
      break;
    case 'published':
      terminal.say(`${terminal.style('green', 'Published')} ${tag}${isNew ? `; ${channel} offers it` : ''}.`);
      break;
    case 'already-published':
      terminal.say(
        isNew
          ? `${tag} was published before; ${channel} offers it now.`
          : `${tag}: nothing to do, nothing was changed.`,
      );
  }
}
