import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { readBundle } from '../../bundle/bundle.ts';
import { UpdateError } from '../../errors.ts';
import type { DownloadSummary } from '../../prepare-update.ts';
import type { Check } from '../../run-check.ts';
import type { UpdaterState } from '../../state.ts';
import { NexyUpdater } from '../../updater.ts';
import { interruptSignal } from '../interrupt.ts';
import { isUrl } from '../manifest-source.ts';
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
import { describeState, warningsTo } from '../update-report.ts';

interface UpdateCommandOptions extends ManifestOptions, FolderOptions, JsonOption {
  readonly manifest: string;
  readonly app: string;
  readonly bundleId?: string;
  readonly yes: boolean;
  readonly relaunch: boolean;
  readonly codesign: boolean;
}

export function updateCommand(): Command {
  const command = new Command('update')
    .description('downloads, verifies and installs the update that a manifest offers')
    .requiredOption('--manifest <url>', 'the manifest that offers the update')
    .requiredOption('--app <path.app>', 'the installed app')
    .option('--bundle-id <id>', "the bundle id that the update must have (default: the installed app's)")
    .option('--yes', 'do not ask before installing', false)
    .option('--no-relaunch', 'do not open the new version afterwards, nor watch whether it comes up')
    .option('--no-codesign', 'do not check signatures: for tests only, it lets any code in')
    .addHelpText(
      'after',
      `
The app must not be running. Until the last step nothing about it changes, and the last step is one exchange: at
every moment a whole app lies at the path. The previous version is kept until the new one confirms, and put back
when that ends unexpectedly twice. An update that was cut off is repaired by "nexy-updater recover", and at the next
update.

Example:
  $ nexy-updater update --manifest https://updates.example.com/manifest.json --app /Applications/Nexy.app`,
    )
    .action(runUpdateCommand);
  return withJson(withFolderOptions(withManifestOptions(command)));
}

async function runUpdateCommand(options: UpdateCommandOptions): Promise<void> {
  const startedAt = performance.now();
  const terminal = openTerminal(options.json);
  const signal = interruptSignal();
  if (!isUrl(options.manifest))
    throw new UpdateError('usage', '--manifest has to be an http or https address here.');
  if (!options.codesign) {
    terminal.warn(
      '--no-codesign: signatures are NOT checked. Whoever can change the download can run any code.',
    );
  }
  await repairFirst(options, terminal);
  const updater = await makeUpdater(options, terminal);
  const check = await updater.check({ isManual: true, signal });
  if (check.decision.action !== 'update') return reportNoUpdate(check, terminal);
  terminal.say(check.decision.message);
  if (!(await isAgreed(options, signal))) {
    throw new UpdateError(
      'cancelled',
      'The update was not installed, since you did not want it. Nothing was changed.',
    );
  }
  await updater.downloadUpdate(signal);
  const { candidate, size, sha256, bytesDownloaded, resumedFrom } = downloadOf(updater.state);
  const { from, to } = await updater.installUpdate({ relaunches: options.relaunch });
  const durationMs = Math.round(performance.now() - startedAt);
  const artifact = { url: candidate.url, size, sha256, kind: candidate.kind };
  terminal.result({ installed: true, from, to, artifact, bytesDownloaded, resumedFrom, durationMs });
  terminal.say(
    `${terminal.style('green', 'Installed')} ${to} in place of ${from}, which is kept until ${to} confirms.`,
  );
}

/** What an earlier update left behind; after some crashes the app is in its place only then. */
async function repairFirst(options: UpdateCommandOptions, terminal: Terminal): Promise<void> {
  const [{ keepFailedStarts }, { recover }, { layoutOf }, { Tools }] = await Promise.all([
    import('../../failed-starts.ts'),
    import('../../install/recover.ts'),
    import('../../install/layout.ts'),
    import('../../install/tools.ts'),
  ]);
  const { toolsFolder, stateFolder } = folders(options);
  const layout = await layoutOf(options.app);
  await keepFailedStarts(layout, stateFolder, new Date());
  const repair = {
    tools: new Tools(toolsFolder),
    cacheFolder: null,
    now: () => new Date(),
    warn: terminal.warn,
  };
  await recover(layout, repair);
}

async function makeUpdater(options: UpdateCommandOptions, terminal: Terminal): Promise<NexyUpdater> {
  const bundleId = options.bundleId ?? (await readBundle(options.app)).bundleId;
  if (bundleId === null) {
    throw new UpdateError(
      'bundle-id-mismatch',
      `${options.app} has no bundle id. Name the one to expect with --bundle-id.`,
    );
  }
  const updater = new NexyUpdater({
    ...folders(options),
    app: options.app,
    bundleId,
    manifestUrl: options.manifest,
    channel: options.channel ?? null,
    policy: trustPolicy(options, await readConfig()),
    http: { allowLoopback: options.allowLoopback },
    verifiesSignature: options.codesign,
    logger: warningsTo(terminal),
  });
  // Somebody is asked first.
  updater.autoDownload = false;
  updater.on('state', (state) => describeState(state, terminal));
  return updater;
}

function downloadOf(state: UpdaterState): DownloadSummary {
  if (state.kind === 'ready') return state.download;
  throw new Error(`After its download the update is in "${state.kind}".`);
}

function reportNoUpdate({ decision, currentVersion, assessment }: Check, terminal: Terminal): void {
  const { action, reason, message } = decision;
  const versions = { current: currentVersion.text, offered: assessment.version };
  if (action === 'reject') {
    throw new UpdateError(reason, message, { details: { ...versions, findings: assessment.findings } });
  }
  terminal.result({ installed: false, action, reason, message, ...versions });
  terminal.say(message);
}

/** Asks on a terminal; a script that calls this has decided already. */
async function isAgreed({ yes, json }: UpdateCommandOptions, signal: AbortSignal): Promise<boolean> {
  if (yes || json || !process.stdin.isTTY || !process.stderr.isTTY) return true;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question('Install it now? [Y/n] ', { signal });
    return /^(y(es)?)?$/i.test(answer.trim());
  } catch {
    // Ctrl-C or Ctrl-D at the question.
    return false;
  } finally {
    prompt.close();
  }
}
