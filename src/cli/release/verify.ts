import { Command } from 'commander';
import type { Channel } from '../../config.ts';
import { UpdateError } from '../../errors.ts';
import type { VerifyRequest } from '../../release/verify/verify.ts';
import { parseVersion } from '../../version.ts';
import { interruptSignal } from '../interrupt.ts';
import { parseBase } from '../options.ts';
import { openTerminal } from '../terminal.ts';
import { channelOption, type ReleaseOptions, readReleaseSettings, withReleaseOptions } from './options.ts';

interface VerifyOptions extends ReleaseOptions {
  readonly channel?: Channel;
  readonly version?: string;
  readonly server?: string;
}

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('compares what is offered with what is there, byte for byte; changes nothing')
    .addOption(channelOption('--channel <channel>', 'only what this channel offers (default: all channels)'))
    .option('--version <X.Y.Z.W>', 'the archive copy of this version instead')
    .option('--server <url>', 'an update server that is to serve these manifests', parseBase)
    .addHelpText(
      'after',
      `
Downloads every file as anybody would. With a token (GITHUB_TOKEN) GitHub's release is compared too.

Example:
  $ nexy-release verify --manifests manifests --server https://updates.example.com/`,
    )
    .action(runVerify);
  return withReleaseOptions(command);
}

async function runVerify(options: VerifyOptions): Promise<void> {
  const terminal = openTerminal(options.json);
  const selection = readSelection(options);
  const settings = await readReleaseSettings(options);
  const [{ verify }, { withGitHubIfAllowed }, { readManifestFolder }] = await Promise.all([
    import('../../release/verify/verify.ts'),
    import('../../release/with-github.ts'),
    import('../../release/manifests/manifest-folder.ts'),
  ]);
  const access = { settings, reporter: terminal, signal: interruptSignal() };
  const shelf = await readManifestFolder(options.manifests);
  const server = options.server ?? null;
  const manifests = await withGitHubIfAllowed(access, (github) =>
    verify({ ...access, github, shelf, selection, server }),
  );
  terminal.result({ manifests });
  for (const { file, version, tag, checks } of manifests) {
    terminal.say(`${terminal.style('green', 'ok')}  ${file}: ${version} at ${tag}`);
    for (const { message } of checks) terminal.say(`    ${message}`);
  }
}

function readSelection({ channel, version }: VerifyOptions): VerifyRequest['selection'] {
  if (channel !== undefined && version !== undefined)
    throw new UpdateError('usage', 'Give --channel or --version, not both.');
  if (version !== undefined) return { version: parseVersion(version) };
  return channel === undefined ? null : { channel };
}
