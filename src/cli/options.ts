import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  CHANNELS,
  type Channel,
  DEFAULT_DOWNLOAD_BASE,
  type TrustPolicy,
  type UpdaterConfig,
} from '../config.ts';
import { UpdateError } from '../errors.ts';
import { loadConfig } from '../load-config.ts';

/** Where the package lies: two folders above `dist/cli` and `src/cli` alike. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../..', import.meta.url));

export interface ManifestOptions extends TrustOptions {
  readonly channel?: Channel;
}

export interface TrustOptions {
  readonly owner?: string;
  readonly downloadBase: string;
  readonly allowHost: readonly string[];
  readonly allowLoopback: boolean;
}

export interface FolderOptions {
  readonly tools?: string;
  readonly cache?: string;
  readonly state?: string;
}

export interface JsonOption {
  readonly json: boolean;
}

/** `--json`, which every command has. */
export function withJson(command: Command): Command {
  return command.option(
    '--json',
    'print one JSON document on stdout; progress as JSON lines on stderr',
    false,
  );
}

/** What all commands that take a manifest have. */
export function withManifestOptions(command: Command): Command {
  return withTrustOptions(
    command.addOption(
      new Option('--channel <channel>', 'the channel that is asked for').choices([...CHANNELS]),
    ),
  );
}

/** What a manifest is judged against. */
export function withTrustOptions(command: Command): Command {
  return command
    .option(
      '--owner <owner/repo>',
      'the production owner (default: the one in resources/updater.yml)',
      parseOwner,
    )
    .option(
      '--download-base <url>',
      'stands in place of https://github.com',
      parseBase,
      DEFAULT_DOWNLOAD_BASE,
    )
    .option(
      '--allow-host <host>',
      'a further host that artifacts may come from (repeatable)',
      collectHost,
      [],
    )
    .option('--allow-loopback', 'allow http on 127.0.0.1 and localhost, for tests', false);
}

/** What all commands that touch an app or a file have. */
export function withFolderOptions(command: Command): Command {
  return command
    .option('--tools <folder>', "stand-ins for Apple's tools, for tests and for other systems than macOS")
    .option('--cache <folder>', `downloads and mounted images (default: ${shownDefault('cache')})`)
    .option(
      '--state <folder>',
      `what was refused, skipped and last fetched (default: ${shownDefault('state')})`,
    );
}

export async function readConfig(): Promise<UpdaterConfig> {
  return loadConfig(join(PACKAGE_FOLDER, 'resources', 'updater.yml'));
}

export function trustPolicy(
  options: TrustOptions,
  config: UpdaterConfig,
): TrustPolicy & { keys: readonly string[] } {
  return {
    owner: options.owner ?? config.owner,
    downloadBase: options.downloadBase,
    allowedHosts: [...config.allowedHosts, ...options.allowHost],
    allowLoopback: options.allowLoopback,
    keys: config.keys,
  };
}

/** Folders are made absolute: tools run with another working directory. */
export function folders(options: FolderOptions): {
  toolsFolder: string | null;
  cacheFolder: string;
  stateFolder: string;
} {
  return {
    toolsFolder: options.tools === undefined ? null : resolve(options.tools),
    cacheFolder: resolve(options.cache ?? defaultFolder('cache')),
    stateFolder: resolve(options.state ?? defaultFolder('state')),
  };
}

/** @throws UpdateError `usage` for a user without a home */
function defaultFolder(kind: 'cache' | 'state'): string {
  if (process.platform === 'darwin') {
    return join(home(kind), 'Library', kind === 'cache' ? 'Caches' : 'Application Support', 'nexy-updater');
  }
  const variable = kind === 'cache' ? process.env['XDG_CACHE_HOME'] : process.env['XDG_STATE_HOME'];
  return join(variable ?? join(home(kind), kind === 'cache' ? '.cache' : '.local/state'), 'nexy-updater');
}

function home(kind: 'cache' | 'state'): string {
  try {
    return homedir();
  } catch (error) {
    throw new UpdateError('usage', `You have no home folder. Name a folder of yours with --${kind}.`, {
      cause: error,
    });
  }
}

function shownDefault(kind: 'cache' | 'state'): string {
  try {
    return defaultFolder(kind);
  } catch {
    return 'none, since you have no home folder';
  }
}

function collectHost(value: string, before: readonly string[]): readonly string[] {
  if (URL.parse(`https://${value}/`)?.host === value.toLowerCase()) return [...before, value];
  throw new InvalidArgumentError('It has to be a host name like cdn.example.com.');
}

export function parseOwner(value: string): string {
  if (/^[\w.-]+\/[\w.-]+$/.test(value)) return value;
  throw new InvalidArgumentError('It has to look like owner/repository.');
}

export function parseBase(value: string): string {
  const url = URL.parse(value);
  if (url !== null && /^https?:$/.test(url.protocol)) return value.replace(/\/+$/, '');
  throw new InvalidArgumentError('It has to be an https address, or http on loopback.');
}
