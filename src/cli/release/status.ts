import Table from 'cli-table3';
import { Command } from 'commander';
import type { StatusReport } from '../../release/status.ts';
import { interruptSignal } from '../interrupt.ts';
import { openTerminal, type Terminal } from '../terminal.ts';
import { type ReleaseOptions, readReleaseSettings, withReleaseOptions } from './options.ts';

/** More are in --json. */
const SHOWN_TAGS = 10;

export function statusCommand(): Command {
  const command = new Command('status')
    .description('channels, tags, drafts left behind, and what a client would do today; changes nothing')
    .addHelpText(
      'after',
      `
With a token (GITHUB_TOKEN) releases, fixed tags and drafts are shown too.

Example:
  $ nexy-release status --manifests manifests`,
    )
    .action(runStatus);
  return withReleaseOptions(command);
}

async function runStatus(options: ReleaseOptions): Promise<void> {
  const terminal = openTerminal(options.json);
  const settings = await readReleaseSettings(options);
  const [{ readStatus }, { withGitHubIfAllowed }, { readManifestFolder }] = await Promise.all([
    import('../../release/status.ts'),
    import('../../release/with-github.ts'),
    import('../../release/manifests/manifest-folder.ts'),
  ]);
  const access = { settings, reporter: terminal, signal: interruptSignal() };
  const shelf = await readManifestFolder(options.manifests);
  const report = await withGitHubIfAllowed(access, (github) =>
    readStatus(settings.owner, shelf, settings.policy, github),
  );
  terminal.result(report);
  describeStatus(report, terminal);
}

const COLOURS = { ok: 'green', warn: 'yellow', reject: 'red' } as const;

function describeStatus(report: StatusReport, terminal: Terminal): void {
  const { owner, channels, immutableReleases, tags, fixedTags, drafts } = report;
  terminal.say(terminal.style('bold', owner));
  for (const { channel, version, verdict, findings, client } of channels) {
    const shown = verdict === null ? '' : ` ${terminal.style(COLOURS[verdict], verdict)}`;
    terminal.say(`\n${terminal.style('bold', channel)}  ${version ?? 'nothing'}${shown}`);
    terminal.say(`  ${client}`);
    for (const { code, severity, message } of findings) {
      if (severity !== 'info') terminal.say(`  ${code}  ${message}`);
    }
  }
  if (tags === null || fixedTags === null || drafts === null) return;
  terminal.say(`\nImmutable releases: ${immutableReleases}`);
  terminal.say(tagTable(tags));
  if (tags.length > SHOWN_TAGS) terminal.say(`and ${tags.length - SHOWN_TAGS} older ones`);
  terminal.say(fixedTagTable(fixedTags));
  for (const { id, tag, standing, createdAt } of drafts) {
    terminal.say(
      `${terminal.style('yellow', 'draft')} ${id} for ${tag}, of ${createdAt}: ${DRAFTS[standing]}`,
    );
  }
  if (drafts.length === 0) terminal.say('No drafts.');
}

const DRAFTS = {
  ours: 'of this run',
  dead: 'left behind by a run that has died; the next publish removes it',
  alive: 'of a run that may be at work; if not, it is removed six hours after its last sign of life',
  'by-hand': 'made by a person; publish or delete it before publishing that version',
} as const;

const PLAIN = { head: [], border: [] };

function tagTable(tags: NonNullable<StatusReport['tags']>): string {
  const table = new Table({ head: ['tag', 'published', 'files', 'offered on'], style: PLAIN });
  for (const { tag, publishedAt, assets, offeredOn } of tags.slice(0, SHOWN_TAGS))
    table.push([tag, publishedAt ?? '', assets.join(', '), offeredOn.join(', ')]);
  return table.toString();
}

function fixedTagTable(fixedTags: NonNullable<StatusReport['fixedTags']>): string {
  const table = new Table({
    head: ['fixed tag', 'holds', 'downloads', 'what the channel offers'],
    style: PLAIN,
  });
  for (const { tag, asset, isThere, version, downloads, isCurrent } of fixedTags) {
    const holds = isThere ? (version ?? 'bytes of no known version') : 'nothing';
    table.push([
      `${tag}/${asset}`,
      holds,
      downloads === null ? '' : String(downloads),
      isCurrent ? 'yes' : 'no',
    ]);
  }
  return table.toString();
}
