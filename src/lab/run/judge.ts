import { isMacosAtLeast, parseMacosVersion } from '../../check/machine-requirement.ts';
import { isSameVersion, readVersion } from '../../version.ts';
import type { AppFacts, CheckRecord, Outcome, RunRecord } from './outcome.ts';

export interface Judgement {
  readonly outcome: Outcome;
  /** A sentence for a person: versions and reasons. */
  readonly why: string;
}

/** Where a person ended up; the first that applies of `harmed`, `loops`, `promised`, `stranded`, `stays`. */
export function judge(run: RunRecord): Judgement {
  return judgeHarm(run) ?? judgeLoop(run) ?? judgePromise(run) ?? judgeWait(run);
}

/** An app without a minimum that can be read starts everywhere, as on a real Mac. */
export function startsOn(macos: string, minimumOs: string): boolean {
  const running = parseMacosVersion(macos);
  const minimum = parseMacosVersion(minimumOs);
  return running === null || minimum === null || isMacosAtLeast(running, minimum);
}

export function isVersion(text: string, other: string | null): boolean {
  const version = readVersion(text);
  const promised = readVersion(other ?? '');
  return version !== null && promised !== null && isSameVersion(version, promised);
}

function judgeHarm({ installs, macos }: RunRecord): Judgement | null {
  for (const { installed, promisedSha256 } of installs) {
    const { version, minimumOs, sha256 } = installed;
    if (!startsOn(macos, minimumOs)) {
      return {
        outcome: 'harmed',
        why: `${version} was installed, needs macOS ${minimumOs} and does not start on ${macos}.`,
      };
    }
    if (promisedSha256 !== null && sha256 !== promisedSha256) {
      const why = `The installed ${version} came from other bytes (${shorten(sha256)}) than were promised (${shorten(promisedSha256)}).`;
      return { outcome: 'harmed', why };
    }
  }
  return null;
}

/** Two checks of the same manifest fetched bytes, and what the second one did was not what ends it. */
function judgeLoop(run: RunRecord): Judgement | null {
  const last = run.checks.at(-1);
  const previous = run.checks.at(-2);
  if (last === undefined || previous === undefined || last.manifest !== previous.manifest) return null;
  if (last.artifactBytes === 0 || previous.artifactBytes === 0) return null;
  const hadPromised = isVersion(installedBefore(run, run.checks.length - 1).version, run.promisedVersion);
  if (isVersion(run.after.version, run.promisedVersion) && !hadPromised) return null;
  return { outcome: 'loops', why: describeLoop(run, last) };
}

function describeLoop(run: RunRecord, last: CheckRecord): string {
  const promise = run.promisedVersion ?? 'A version that nobody can read';
  if (last.installed === null) {
    return `${promise} was promised; every check downloads it again, and ends with ${last.reason}: ${last.message}`;
  }
  const { version } = last.installed;
  if (isVersion(version, run.promisedVersion)) {
    return `${version} was promised and is installed, but is downloaded and installed again at every check.`;
  }
  return `${promise} was promised, the bytes hold ${version}: installed again at every check.`;
}

/** What was installed before that check. */
function installedBefore({ before, checks }: RunRecord, check: number): AppFacts {
  return checks.slice(0, check).findLast(({ installed }) => installed !== null)?.installed ?? before;
}

function judgePromise({ before, after, promisedVersion }: RunRecord): Judgement | null {
  if (!isVersion(after.version, promisedVersion)) return null;
  const why = isVersion(before.version, promisedVersion)
    ? `${after.version} was promised, and was there from the start.`
    : `${after.version} was promised and is installed.`;
  return { outcome: 'promised', why };
}

function judgeWait({ after, promisedVersion, checks, nextArrives }: RunRecord): Judgement {
  const promise = promisedVersion === null ? 'No version was promised' : `${promisedVersion} was promised`;
  const last = checks.at(-1);
  const reason =
    last === undefined ? 'nothing was checked' : `${last.reason}: ${last.message.replace(/\.$/, '')}`;
  const wait = `${promise}; ${after.version} stays (${reason}).`;
  if (nextArrives === false)
    return { outcome: 'stranded', why: `${wait} The next release does not arrive either.` };
  return { outcome: 'stays', why: nextArrives === true ? `${wait} The next release arrives.` : wait };
}

function shorten(sha256: string | null): string {
  return sha256 === null ? 'of nobody knows where' : `sha256 ${sha256.slice(0, 8)}`;
}
