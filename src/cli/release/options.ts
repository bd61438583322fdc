import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CHANNELS, DEFAULT_DOWNLOAD_BASE } from '../../config.ts';
import { loadConfig } from '../../load-config.ts';
import { DEFAULT_API_URL, makeReleaseSettings, type ReleaseSettings } from '../../release/settings.ts';
import { type JsonOption, parseBase, parseOwner, readConfig, withJson } from '../options.ts';

/** What every command of `nexy-release` has. */
export interface ReleaseOptions extends JsonOption {
  readonly manifests: string;
  readonly owner?: string;
  readonly apiUrl: string;
  readonly downloadUrl: string;
  readonly config?: string;
}

export interface PushOption {
  readonly push: boolean;
}

export function withReleaseOptions(command: Command): Command {
  command
    .requiredOption('--manifests <dir>', 'the folder of manifests that this flow alone writes')
    .option(
      '--owner <owner/repo>',
      'where you mean to publish; has to be the configured owner, and else nothing is done',
      parseOwner,
    )
    .option('--api-url <url>', "GitHub's API", parseBase, DEFAULT_API_URL)
    .option(
      '--download-url <url>',
      'stands in place of https://github.com (GitHub Enterprise, tests)',
      parseBase,
      DEFAULT_DOWNLOAD_BASE,
    )
    .option('--config <file>', "another project's updater.yml");
  return withJson(command);
}

export function withPush(command: Command): Command {
  return command.option(
    '--push',
    'the folder is a Git work tree: bring it up to date before, commit and push after',
    false,
  );
}

export function channelOption(flags: string, description: string): Option {
  return new Option(flags, description).choices([...CHANNELS]);
}

/** @throws UpdateError `usage` for a configuration that cannot be used, `owner-mismatch` */
export async function readReleaseSettings(options: ReleaseOptions): Promise<ReleaseSettings> {
  const config =
    options.config === undefined ? await readConfig() : await loadConfig(resolve(options.config));
  return makeReleaseSettings(config, {
    owner: options.owner ?? null,
    apiUrl: options.apiUrl,
    downloadUrl: options.downloadUrl,
    token: process.env['GITHUB_TOKEN'] || process.env['GH_TOKEN'] || null,
  });
}

/** Percent of all installations, 0 to 100, with at most two decimals: there are 10,000 buckets. */
export function parsePercentage(value: string): number {
  const percentage = Number(value);
  if (/^\d{1,3}(\.\d{1,2})?$/.test(value) && percentage <= 100) return percentage;
  throw new InvalidArgumentError('It has to be a number from 0 to 100, such as 10 or 0.5.');
}
