import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { SiteSources } from '../../server/live-site.ts';
import { readConfig, type TrustOptions, trustPolicy, withTrustOptions } from '../options.ts';

/** What both the server and the export are told of what they serve. */
export interface SourceOptions extends TrustOptions {
  readonly manifests: string;
  readonly downloads?: string;
  readonly beta: boolean;
  readonly publicUrl?: string;
}

export function withSourceOptions(command: Command): Command {
  const withFolders = command
    .requiredOption(
      '--manifests <folder>',
      'the folder with manifest.json, manifest_beta.json, manifest_<version>.json',
    )
    .option('--downloads <folder>', 'a folder whose files are served under /downloads/')
    .option('--beta', 'offer the beta channel (the default)', true)
    .option('--no-beta', 'offer the stable channel alone: beta addresses are not found')
    .option(
      '--public-url <url>',
      'where clients reach the site; for links in appcasts, and to know our own downloads',
      parsePublicUrl,
    );
  return withTrustOptions(withFolders);
}

export async function readSources(options: SourceOptions): Promise<SiteSources> {
  const config = await readConfig();
  return {
    manifestsFolder: resolve(options.manifests),
    downloadsFolder: options.downloads === undefined ? null : resolve(options.downloads),
    isBetaOffered: options.beta,
    policy: trustPolicy(options, config),
    appcastKeys: config.appcastKeys,
    publicUrl: options.publicUrl ?? null,
  };
}

function parsePublicUrl(value: string): string {
  const url = URL.parse(value);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
  if (isPlain && url.username === '' && url.password === '') return value.replace(/\/+$/, '');
  throw new InvalidArgumentError('It has to be an address such as https://updates.example.com.');
}
