import { Command } from 'commander';
import type { DoctorManifest, DoctorReport } from '../../manifest/doctor.ts';
import { interruptSignal } from '../interrupt.ts';
import {
  type JsonOption,
  type ManifestOptions,
  readConfig,
  trustPolicy,
  withJson,
  withManifestOptions,
} from '../options.ts';
import { readManifestEntries } from '../read-manifest-entries.ts';
import { openTerminal, type Terminal } from '../terminal.ts';

interface DoctorCommandOptions extends ManifestOptions, JsonOption {
  readonly history: boolean;
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('says what is wrong with manifests, each for itself and, with --history, as a series')
    .argument('<manifest...>', 'files, URLs, or folders of *.json files')
    .option(
      '--history',
      'also compare them with each other: bytes, versions and signatures used twice',
      false,
    )
    .addHelpText(
      'after',
      `
Every finding has a code and a severity. "reject": no client downloads anything from this manifest. "warn": it works
through the legacy path. "info": good to know. The exit status is 1 when any manifest is rejected.

Example:
  $ nexy-updater doctor manifests/ --history`,
    )
    .action(runDoctor);
  return withJson(withManifestOptions(command));
}

async function runDoctor(sources: readonly string[], options: DoctorCommandOptions): Promise<void> {
  const { examine } = await import('../../manifest/doctor.ts');
  const terminal = openTerminal(options.json);
  const entries = await readManifestEntries(sources, {
    allowLoopback: options.allowLoopback,
    signal: interruptSignal(),
  });
  const policy = trustPolicy(options, await readConfig());
  const report = examine(entries, policy, { history: options.history, channel: options.channel ?? null });
  terminal.result(report);
  describeReport(report, terminal);
  if (report.manifests.some(({ verdict }) => verdict === 'reject')) process.exitCode = 1;
}

function describeReport({ manifests, history }: DoctorReport, terminal: Terminal): void {
  for (const manifest of manifests) describeManifest(manifest, terminal);
  for (const { code, message } of history) terminal.say(`${terminal.style('yellow', code)}  ${message}`);
  const rejected = manifests.filter(({ verdict }) => verdict === 'reject').length;
  terminal.say(`\n${manifests.length} manifests, ${rejected} rejected`);
}

const COLOURS = { ok: 'green', warn: 'yellow', reject: 'red', info: 'dim' } as const;

function describeManifest(manifest: DoctorManifest, terminal: Terminal): void {
  const { file, version, channel, generation, verdict, findings, candidates } = manifest;
  terminal.say(`${terminal.style(COLOURS[verdict], verdict.padEnd(6))} ${file}`);
  terminal.say(`       ${version ?? 'no version'}, ${channel}, ${generation ?? 'not to be used'}`);
  for (const finding of findings) {
    terminal.say(`       ${terminal.style(COLOURS[finding.severity], finding.code)}  ${finding.message}`);
  }
  for (const { url } of candidates) terminal.say(`       ${terminal.style('dim', `from ${url}`)}`);
  terminal.say('');
}
