import { isBundleOfVersion } from '../../bundle/bundle-version.ts';
import { UpdateError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { isSameVersion, readVersion, type Version } from '../../version.ts';
import type { ArtifactName, ArtifactPayload } from './inspect-artifact.ts';

export interface InspectedPayload {
  readonly name: ArtifactName;
  readonly payload: ArtifactPayload;
}

export interface PayloadExpectation {
  /** What is to be published. */
  readonly version: Version;
  /** `--min-os`, or null. */
  readonly minimumOs: string | null;
  readonly bundleId: string;
}

export type PublishedArchitecture = 'universal2' | 'arm64' | 'x86_64';

export interface PayloadJudgement {
  /** Null where nobody says. */
  readonly minimumOs: string | null;
  /** Null where no program says for which processors it was built. */
  readonly architecture: PublishedArchitecture | null;
  /** CFBundleVersion of what clients install, where that is a whole number; else null. */
  readonly buildNumber: number | null;
  readonly warnings: readonly string[];
}

/**
 * Judges what was found in the artifacts, as clients will (step 4 of an install), and whether they agree. Pure.
 *
 * @param payloads those that could be read
 * @throws UpdateError `bundle-version-mismatch`, `bundle-id-mismatch`, `bundle-minimum-mismatch`, `payload-incompatible`
 */
export function judgePayloads(
  payloads: readonly InspectedPayload[],
  expectation: PayloadExpectation,
): PayloadJudgement {
  for (const each of payloads) judgePayload(each, expectation);
  const warnings: string[] = [];
  const minimumOs = judgeMinimum(payloads, expectation.minimumOs, warnings);
  const architecture = judgeArchitectures(payloads, warnings);
  const buildNumber = judgeBuildNumber(payloads, warnings);
  return { minimumOs, architecture, buildNumber, warnings };
}

function judgePayload({ name, payload }: InspectedPayload, { version, bundleId }: PayloadExpectation): void {
  if (!isBundleOfVersion(payload, version)) {
    const found = [payload.shortVersion, payload.bundleVersion].filter((text) => text !== null);
    const words = [...new Set(found)].map(quote).join(' and ');
    throw new UpdateError(
      'bundle-version-mismatch',
      `Nothing was published: ${name} contains ${words === '' ? 'an app without a version' : words}, not ${version.text}. Clients would refuse it. Build ${version.text}, or give the version that was built.`,
      { details: { asset: name, expected: version.text, found } },
    );
  }
  if (payload.bundleId !== bundleId)
    throw new UpdateError(
      'bundle-id-mismatch',
      `Nothing was published: ${name} contains another app (${shown(payload.bundleId, 'without a bundle id')}) than ${bundleId}. Put the right file into the inbox.`,
      { details: { asset: name, expected: bundleId, found: payload.bundleId } },
    );
}

/** As numbers: `11` is `11.0`. */
function judgeMinimum(
  payloads: readonly InspectedPayload[],
  given: string | null,
  warnings: string[],
): string | null {
  const minimums: { readonly source: string; readonly text: string; readonly version: Version }[] = [];
  for (const { name, payload } of payloads) {
    const text = payload.minimumSystemVersion;
    const version = readVersion(text ?? '');
    if (text !== null && version !== null) minimums.push({ source: name, text, version });
    else if (text !== null)
      warnings.push(`${name} asks for macOS ${quote(text)}, which is no version: clients ignore it.`);
  }
  if (given !== null) {
    const version = readVersion(given);
    if (version === null)
      throw new UpdateError('usage', `--min-os ${quote(given)} is not a version of macOS such as 11.0.`);
    minimums.push({ source: '--min-os', text: given, version });
  }
  const [first] = minimums;
  if (first === undefined) return null;
  const other = minimums.find(({ version }) => !isSameVersion(version, first.version));
  if (other === undefined) return first.text;
  throw new UpdateError(
    'bundle-minimum-mismatch',
    `Nothing was published: ${first.source} asks for macOS ${first.text}, and ${other.source} says ${other.text}. Clients would be offered what does not run, or not be offered what does. Make both the same.`,
    { details: Object.fromEntries(minimums.map(({ source, text }) => [source, text])) },
  );
}

/**
 * That of the first artifact, since it is what clients install: they compare it with the CFBundleVersion that they have
 * afterwards, and one that stayed below it would be offered the same version for ever.
 */
function judgeBuildNumber(payloads: readonly InspectedPayload[], warnings: string[]): number | null {
  const [first, second] = payloads.map(({ name, payload: { bundleVersion } }) => ({
    name,
    text: bundleVersion,
    number: readBuildNumber(bundleVersion),
  }));
  if (first === undefined) return null;
  if (second === undefined || second.number === first.number) return first.number;
  if (first.number !== null && second.number !== null)
    throw new UpdateError(
      'bundle-version-mismatch',
      `Nothing was published: the app in ${first.name} has build number ${first.number} (CFBundleVersion), and that in ${second.name} ${second.number}. A manifest has one for both, and installations of the other would be offered too much or too little. Build both from one app.`,
      { details: { [first.name]: first.number, [second.name]: second.number } },
    );
  warnings.push(
    `CFBundleVersion is ${shown(first.text, 'missing')} in ${first.name} and ${shown(second.text, 'missing')} in ${second.name}: the manifest goes by ${first.name}. Build both from one app.`,
  );
  return first.number;
}

/** CFBundleVersion as a whole number, as JSON has it: without leading zeros, and exact. Null where it is none. */
export function readBuildNumber(bundleVersion: string | null): number | null {
  if (bundleVersion === null || !/^(?:0|[1-9]\d*)$/.test(bundleVersion)) return null;
  return Number.isSafeInteger(Number(bundleVersion)) ? Number(bundleVersion) : null;
}

/** What runs from every artifact: a manifest has one word for all. */
function judgeArchitectures(
  payloads: readonly InspectedPayload[],
  warnings: string[],
): PublishedArchitecture | null {
  const known = payloads.flatMap(({ name, payload }) =>
    payload.architectures === null ? [] : [{ name, names: processorsOf(payload.architectures) }],
  );
  const [first] = known;
  if (first === undefined) return null;
  const shared = first.names.filter((name) => known.every(({ names }) => names.includes(name)));
  if (shared.length === 0) {
    const found = Object.fromEntries(payloads.map(({ name, payload }) => [name, payload.architectures]));
    throw new UpdateError(
      'payload-incompatible',
      'Nothing was published: there is no Mac, neither with Apple silicon nor with Intel, that runs what is in every file. Build it again.',
      { details: { found } },
    );
  }
  const odd = known.find(({ names }) => names.length !== shared.length);
  if (odd !== undefined)
    warnings.push(
      `Nexy.dmg and Nexy.pkg were built for different processors: only Macs with ${shared.join(' and ')} are offered this version.`,
    );
  const [only, another] = shared;
  return another === undefined ? (only ?? null) : 'universal2';
}

/** arm64e programs of other developers do not start on released systems, so they do not count as arm64. */
function processorsOf(architectures: readonly string[]): readonly ('arm64' | 'x86_64')[] {
  return [
    ...(architectures.includes('arm64') ? (['arm64'] as const) : []),
    ...(architectures.some((name) => name.startsWith('x86_64')) ? (['x86_64'] as const) : []),
  ];
}

function shown(text: string | null, otherwise: string): string {
  return text === null ? otherwise : quote(text);
}
