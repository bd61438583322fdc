import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ToolResult } from '../../install/tools.ts';
import { BUNDLE_ID } from '../builds/info-plist.ts';
import { answer, failure, notUnderstood } from './tool-answer.ts';

/** Names the team that has signed an app of the lab, and stands for its signature: there are no certificates here. */
export const SEAL_FILE = 'Contents/_CodeSignature/team';
/** The team of all builds. */
export const TEAM = 'NEXYLAB001';

/**
 * `codesign`, as far as updaters use it: `-d -r-`, and `--verify` with or without a requirement.
 * Outputs as in recordings of Apple's tool: codesign__display-r-developer-id-2015, codesign__verify-deep-ok,
 * codesign__verify-explicit-requirement-ok, codesign__test-requirement-failed-deep; statuses as in codesign(1).
 */
export function codesign(args: readonly string[]): ToolResult {
  const app = args.at(-1) ?? '';
  const options = args.slice(0, -1);
  const at = options.indexOf('-R');
  const required = at < 0 ? null : (options[at + 1]?.replace(/^=/, '') ?? '');
  const flags = options.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
  const isDisplay = flags.join(' ') === '-d -r-';
  const isVerify =
    flags[0] === '--verify' && flags.every((flag) => /^--(verify|deep|strict|verbose(=\d)?)$/.test(flag));
  if (!isDisplay && !isVerify) return notUnderstood('codesign', args);
  const team = readTeam(app);
  if (team === null) return failure(1, `${app}: code object is not signed at all\n`);
  if (isDisplay)
    return answer(`designated => ${requirementOf(team)}\n`, `Executable=${app}/Contents/MacOS/Nexy\n`);
  const isVerbose = flags.some((flag) => flag.startsWith('--verbose'));
  const lines = isVerbose ? [`${app}: valid on disk`, `${app}: satisfies its Designated Requirement`] : [];
  if (required !== null && required !== requirementOf(team)) {
    const last = 'test-requirement: code failed to satisfy specified code requirement(s)';
    return failure(3, `${[...lines, last].join('\n')}\n`);
  }
  if (required !== null && isVerbose) lines.push(`${app}: explicit requirement satisfied`);
  return answer('', lines.map((line) => `${line}\n`).join(''));
}

/** `spctl --assess --type execute`: spctl__execute-accepted-notarized, spctl__execute-rejected-adhoc-exit3. */
export function spctl(args: readonly string[]): ToolResult {
  const app = args.at(-1) ?? '';
  const flags = args.slice(0, -1).join(' ');
  if (!/^(--assess|-a)( --type execute| -t exec(ute)?)?( --verbose(=\d)?| -v+)?$/.test(flags))
    return notUnderstood('spctl', args);
  const team = readTeam(app);
  if (team === null) return failure(3, `${app}: rejected\nsource=no usable signature\n`);
  const origin = `Developer ID Application: Nexy (${team})`;
  return answer('', `${app}: accepted\nsource=Notarized Developer ID\norigin=${origin}\n`);
}

/** What codesign makes for programs with a Developer ID (Apple's technote TN3127). */
function requirementOf(team: string): string {
  const authority = 'certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */';
  const leaf = 'certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */';
  return `identifier "${BUNDLE_ID}" and anchor apple generic and ${authority} and ${leaf} and certificate leaf[subject.OU] = "${team}"`;
}

function readTeam(app: string): string | null {
  try {
    return readFileSync(join(app, SEAL_FILE), 'utf8').trim();
  } catch {
    return null;
  }
}
