import { UpdateError } from '../errors.ts';
import type { SignatureOptions } from './signature.ts';
import { outputOf } from './tools.ts';

/** Who signed a package, as `pkgutil --check-signature` tells it. */
export interface PackageSignature {
  /** What stands behind `Status: `; null where the output has no such line, or several. */
  readonly status: string | null;
  /** Apple has notarized it. A package that was not has no such line. */
  readonly isNotarized: boolean;
  /** Names of the certificates, leaf first. */
  readonly chain: readonly string[];
  /** The ten letters and digits at the end of the leaf's name; null where that is no Developer ID Installer. */
  readonly team: string | null;
}

/** A package that Apple's certificates say is of a team. */
export interface PackageSigner {
  /** E.g. `Developer ID Installer: Nexy Ltd (NEXYTEAM01)`. */
  readonly name: string;
  readonly team: string;
  readonly isNotarized: boolean;
}

const TIMEOUT = 10 * 60_000;

/**
 * The only status that says that Apple issued the certificate, to a developer, for distribution, and that it is
 * valid (10.15 and later; recordings in fixtures/macos-outputs). Not taken for good, although pkgutil may exit with 0:
 * `signed by a certificate trusted by ...`, which is any root that somebody has put on this Mac, whose certificates
 * can bear any name (up to 10.14 it was Developer ID's own wording; this needs macOS 11); `signed Apple Software`,
 * which is not of the team; `... that has since expired`, which `installer` itself refuses in the recording of the
 * same package.
 */
const DEVELOPER_ID = 'signed by a developer certificate issued by Apple for distribution';

/** Reads what `pkgutil --check-signature` prints. Indentation, fingerprints and dates differ by version. */
export function parsePackageSignature(output: string): PackageSignature {
  const lines = output.split('\n').map((line) => line.trim());
  const statuses = lines.filter((line) => line.startsWith('Status: '));
  const chain: string[] = [];
  for (const line of lines) {
    const [, number, name] = /^(\d+)\. (.+)$/.exec(line) ?? [];
    if (name !== undefined && Number(number) === chain.length + 1) chain.push(name);
  }
  const [, team = null] = /^Developer ID Installer: .* \(([A-Z0-9]{10})\)$/.exec(chain[0] ?? '') ?? [];
  return {
    status: statuses.length === 1 ? (statuses[0]?.slice('Status: '.length) ?? null) : null,
    isNotarized: lines.includes('Notarization: trusted by the Apple notary service'),
    chain,
    team,
  };
}

/**
 * Checks that a package is signed, soundly, by a team.
 *
 * @param path its name must not hold line breaks, which `verifyPackage` sees to: pkgutil prints it among its findings
 * @param team the installed app's, from `readInstalledTeam`
 * @throws UpdateError `signature-invalid`, `requirement-mismatch`
 */
export async function verifyPackageSignature(
  path: string,
  team: string,
  { tools, signal }: SignatureOptions,
): Promise<PackageSigner> {
  const result = await tools.run('pkgutil', ['--check-signature', path], {
    timeout: TIMEOUT,
    signal,
  });
  const signature = parsePackageSignature(result.stdout);
  const [name] = signature.chain;
  const details = { status: signature.status, signer: name ?? null, output: outputOf(result) };
  if (signature.status === 'signed Apple Software') throw mismatch(team, details);
  if (result.status !== 0 || signature.status !== DEVELOPER_ID || name === undefined) {
    throw new UpdateError(
      'signature-invalid',
      `The package is not signed as it has to be (${signature.status ?? 'no answer that can be read'}). Nothing was changed. The release team has to publish it again.`,
      { details },
    );
  }
  if (signature.team !== team) throw mismatch(team, details);
  return { name, team, isNotarized: signature.isNotarized };
}

/**
 * The team that signed the installed app: whose packages may be installed over it. What `codesign -d` shows is not
 * proved (it shows a team for broken code too), so that it is held against the certificates; what lies in the app's
 * resources is of no interest here.
 *
 * @throws UpdateError `signature-invalid` when it is signed by no team, or its signature does not hold
 */
export async function readInstalledTeam(app: string, { tools, signal }: SignatureOptions): Promise<string> {
  const options = { timeout: TIMEOUT, signal };
  const shown = await tools.run('codesign', ['-d', '--verbose=2', app], options);
  const team = parseTeam(outputOf(shown));
  if (shown.status !== 0 || team === null) {
    throw new UpdateError(
      'signature-invalid',
      `The installed app ${app} is not signed by a team of developers, so it cannot be told whose packages may replace it. Nothing was changed. Install a signed version by hand, or, for a test, pass --no-codesign.`,
      { details: { output: outputOf(shown) } },
    );
  }
  const requirement = `=anchor apple generic and certificate leaf[subject.OU] = "${team}"`;
  const verified = await tools.run(
    'codesign',
    ['--verify', '--ignore-resources', '-R', requirement, app],
    options,
  );
  if (verified.status === 0) return team;
  throw new UpdateError(
    'signature-invalid',
    `The signature of the installed app ${app} does not hold, so it cannot be told whose packages may replace it. Nothing was changed. Install Nexy by hand.`,
    { details: { team, output: outputOf(verified) } },
  );
}

/** The last such line: a path with line breaks in it is printed before. `not set` for ad-hoc code. */
export function parseTeam(output: string): string | null {
  const [, team = null] = [...output.matchAll(/^TeamIdentifier=(.*)$/gm)].at(-1) ?? [];
  return team !== null && /^[A-Z0-9]{10}$/.test(team) ? team : null;
}

function mismatch(team: string, details: Readonly<Record<string, unknown>>): UpdateError {
  return new UpdateError(
    'requirement-mismatch',
    'The package is signed by somebody else than the installed app. Nothing was changed. Do not install it by hand; tell the release team.',
    { details: { team, ...details } },
  );
}
