import { homedir } from 'node:os';
import type { QaModel, WindowModel } from './window-contract.ts';

/** What a report has besides what the window shows. */
export interface ReportFacts {
  /** ISO 8601. */
  readonly at: string;
  readonly bundleId: string;
  readonly appPath: string;
  readonly macosVersion: string;
  readonly electronVersion: string;
  readonly architecture: string;
  /** Managed preferences that a profile enforces, as far as it can be seen. */
  readonly forced: readonly string[];
  /** What the last check came to; null before the first. */
  readonly lastCheck: QaModel | null;
  /** What the updater told its log, oldest first. */
  readonly log: readonly string[];
}

/**
 * Everything that helps whoever looks for a fault, as plain text for the clipboard. The home folder's name, which is
 * mostly a person's, is left out.
 */
export function makeReport(model: WindowModel, facts: ReportFacts, home: string = homedir()): string {
  const { view, appName, currentVersion, channel, lastCheckedAt, managed } = model;
  const check = model.qa ?? facts.lastCheck;
  const lines = [
    `${appName} ${currentVersion} (${facts.bundleId}), update report of ${facts.at}`,
    `App: ${facts.appPath}`,
    `macOS ${facts.macosVersion}, ${facts.architecture}, Electron ${facts.electronVersion}`,
    `Channel: ${channel}${managed.channel === null ? '' : ' (managed)'}${managed.updatesOff ? ', updates are off (managed)' : ''}`,
    ...(facts.forced.length === 0 ? [] : [`Enforced by a profile: ${facts.forced.join(', ')}`]),
    `Last check: ${lastCheckedAt ?? 'never'}`,
    ...section('State', [JSON.stringify(withoutNotes(view), null, 2)]),
    ...(check === null ? [] : describeCheck(check)),
    ...section('Log', facts.log),
  ];
  const text = `${lines.join('\n')}\n`;
  return home.length > 1 ? text.replaceAll(home, '~') : text;
}

function describeCheck(check: QaModel): readonly string[] {
  const { decision, facts, findings, candidates, network, journal, manifestUrl } = check;
  return [
    ...section('Manifest', [manifestUrl]),
    ...section(
      'Decision',
      decision === null ? [] : [`${decision.action} (${decision.reason})`, decision.message],
    ),
    ...section(
      'Facts',
      facts.map(({ name, value, pretended }) => `${name}: ${value}${pretended ? ' (pretended)' : ''}`),
    ),
    ...section(
      'Findings',
      findings.map(({ code, severity, message }) => `${severity}: ${code}. ${message}`),
    ),
    ...section(
      'Candidates',
      candidates.map(({ kind, url }) => `${kind}: ${url}`),
    ),
    ...section(
      'Network',
      network.map(
        ({ at, method, url, status, bytes, milliseconds, error }) =>
          `${at} ${method} ${url} ${status ?? error ?? 'no answer'}, ${bytes} bytes, ${milliseconds} ms`,
      ),
    ),
    ...section('Journal', journal),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return ['', `${title}:`, ...(lines.length === 0 ? ['  (none)'] : lines.map((line) => `  ${line}`))];
}

/** Notes are long, and everybody has them. */
function withoutNotes(view: WindowModel['view']): object {
  return 'offer' in view ? { ...view, offer: { ...view.offer, notes: undefined } } : view;
}
