import { Command, InvalidArgumentError, Option } from 'commander';
import type { PretendedFacts } from '../../check/facts.ts';
import { checkDocument, checkLines, checkStatus } from '../../check-report.ts';
import { UpdateError } from '../../errors.ts';
import type { Check, CheckTarget } from '../../run-check.ts';
import { readVersion } from '../../version.ts';
import { interruptSignal } from '../interrupt.ts';
import { isUrl, readManifestSource } from '../manifest-source.ts';
import {
  type FolderOptions,
  folders,
  type JsonOption,
  type ManifestOptions,
  readConfig,
  trustPolicy,
  withFolderOptions,
  withJson,
  withManifestOptions,
} from '../options.ts';
import { openTerminal, type Terminal } from '../terminal.ts';

interface CheckCommandOptions extends ManifestOptions, FolderOptions, JsonOption {
  readonly manifest: string;
  readonly app?: string;
  readonly current?: string;
  readonly manual: boolean;
  readonly osVersion?: string;
  readonly arch?: 'arm64' | 'x86_64';
  readonly bucket?: number;
  readonly now?: Date;
}

export function checkCommand(): Command {
  const command = new Command('check')
    .description('asks whether there is an update, and says why or why not')
    .requiredOption('--manifest <url|file>', 'the manifest that offers the update')
    .option('--app <path.app>', 'the installed app')
    .option('--current <version>', 'the installed version, where there is no app to look at')
    .option('--manual', 'ask as a person would: passes over skips, rollouts and failed starts', false)
    .option('--os-version <version>', 'what if this Mac ran that macOS?', parseSystemVersion)
    .addOption(new Option('--arch <arch>', 'what if it had this processor?').choices(['arm64', 'x86_64']))
    .option('--bucket <number>', 'what if it were in this rollout bucket (0 to 9999)?', parseBucket)
    .option('--now <date>', 'what if it were this moment (ISO 8601)?', parseDate)
    .addHelpText(
      'after',
      `
The exit status is 3 when an update is available, 0 when there is nothing to do or it is held back, 1 when the
manifest is rejected. Nothing is downloaded but the manifest.

Examples:
  $ nexy-updater check --manifest https://updates.example.com/manifest.json --app /Applications/Nexy.app
  $ nexy-updater check --manifest ./manifest.json --current 2.0.0.45 --os-version 10.15 --json`,
    )
    .action(runCheckCommand);
  return withJson(withFolderOptions(withManifestOptions(command)));
}

async function runCheckCommand(options: CheckCommandOptions): Promise<void> {
  const { runCheck } = await import('../../run-check.ts');
  const terminal = openTerminal(options.json);
  const http = { allowLoopback: options.allowLoopback };
  const signal = interruptSignal();
  const { toolsFolder, stateFolder } = folders(options);
  const check = await runCheck({
    source: isUrl(options.manifest)
      ? options.manifest
      : { bytes: await readManifestSource(options.manifest, http), name: options.manifest },
    channel: options.channel ?? null,
    policy: trustPolicy(options, await readConfig()),
    http,
    stateFolder,
    toolsFolder,
    target: checkTarget(options),
    isManual: options.manual,
    allowDowngrade: false,
    pretended: pretendedFacts(options),
    signal,
    warn: terminal.warn,
  });
  report(check, terminal);
  process.exitCode = checkStatus(check);
}

function checkTarget({ app, current }: CheckCommandOptions): CheckTarget {
  if (app !== undefined && current === undefined) return { app };
  if (current !== undefined && app === undefined) return { version: current };
  throw new UpdateError('usage', 'Give either --app with an installed app or --current with a version.');
}

function pretendedFacts({ osVersion, arch, bucket, now }: CheckCommandOptions): PretendedFacts {
  return {
    ...(osVersion === undefined ? {} : { macosVersion: osVersion }),
    ...(arch === undefined ? {} : { architecture: arch }),
    ...(bucket === undefined ? {} : { rolloutBucket: bucket }),
    ...(now === undefined ? {} : { now }),
  };
}

function report(check: Check, terminal: Terminal): void {
  terminal.result(checkDocument(check));
  for (const { style, text } of checkLines(check)) {
    terminal.say(style === null ? text : terminal.style(style, text));
  }
}

function parseSystemVersion(text: string): string {
  if (readVersion(text) !== null) return text;
  throw new InvalidArgumentError('It has to be a version like 15.7.');
}

function parseBucket(text: string): number {
  const bucket = Number(text);
  if (/^\d+$/.test(text) && bucket <= 9999) return bucket;
  throw new InvalidArgumentError('It has to be a whole number from 0 to 9999.');
}

function parseDate(text: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('It has to be a date like 2026-03-12T00:00:00Z.');
}
