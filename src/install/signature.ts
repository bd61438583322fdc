import { UpdateError } from '../errors.ts';
import { outputOf, type ToolResult, type Tools } from './tools.ts';

export interface SignatureOptions {
  readonly tools: Tools;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
}

const VERIFY_TIMEOUT = 10 * 60_000;

/**
 * The designated requirement of the installed app, in the requirement language: what every next version has to
 * satisfy. `codesign -d -r-` prints it on stdout; an implied one stands behind `# ` (fixtures README, 8).
 *
 * @throws UpdateError `signature-invalid` when the app is not signed.
 */
export async function readDesignatedRequirement(app: string, options: SignatureOptions): Promise<string> {
  const result = await run(options, 'codesign', ['-d', '-r-', app]);
  const requirement = /^(?:# )?designated => (.+)$/m.exec(result.stdout)?.[1]?.trim();
  if (result.status === 0 && requirement !== undefined && requirement !== '') return requirement;
  throw new UpdateError(
    'signature-invalid',
    `The installed app ${app} is not signed, so it cannot be told who may update it. Nothing was changed. Install a signed version by hand, or, for a test, pass --no-codesign.`,
    { details: { output: outputOf(result) } },
  );
}

/**
 * Checks the seal of a staged app, nested code included, and that it satisfies the installed app's requirement.
 *
 * Exit statuses of codesign(1): 1 verification failed, 3 the seal is good but the requirement is not satisfied.
 *
 * @throws UpdateError `signature-invalid`, `requirement-mismatch`.
 */
export async function verifySignature(
  app: string,
  requirement: string,
  options: SignatureOptions,
): Promise<void> {
  const result = await run(options, 'codesign', [
    '--verify',
    '--deep',
    '--strict',
    '--verbose=2',
    '-R',
    `=${requirement}`,
    app,
  ]);
  if (result.status === 0) return;
  const output = outputOf(result);
  if (result.status === 3) {
    throw new UpdateError(
      'requirement-mismatch',
      'The download is signed by somebody else than the installed app. Nothing was changed. Do not install it by hand; tell the release team.',
      { details: { requirement, output } },
    );
  }
  throw new UpdateError(
    'signature-invalid',
    `The signature of the download does not fit its contents (${reasonIn(output)}). Nothing was changed. The release team has to publish it again.`,
    { details: { output } },
  );
}

/**
 * Asks Gatekeeper about a staged app. Its no is final where the installed app passes; elsewhere (development
 * builds, Gatekeeper switched off) it is a warning.
 *
 * @returns whether its no would have been final
 * @throws UpdateError `gatekeeper-rejected`.
 */
export async function verifyGatekeeper(
  staged: string,
  installed: string,
  options: SignatureOptions,
): Promise<boolean> {
  const isMandatory = isAccepted(await assess(installed, 'execute', options));
  const verdicts = [await assess(staged, 'execute', options), ...(await scan(staged, options))];
  for (const verdict of verdicts) heed(verdict, isMandatory, options);
  return isMandatory;
}

/**
 * The same for an installer package.
 *
 * @returns whether its no would have been final
 * @throws UpdateError `gatekeeper-rejected`.
 */
export async function verifyPackageGatekeeper(
  path: string,
  installed: string,
  options: SignatureOptions,
): Promise<boolean> {
  const isMandatory = isAccepted(await assess(installed, 'execute', options));
  heed(await assess(path, 'install', options), isMandatory, options);
  return isMandatory;
}

function heed(verdict: ToolResult, isMandatory: boolean, options: SignatureOptions): void {
  if (isAccepted(verdict)) return;
  if (isSwitchedOff(verdict)) {
    options.warn('Gatekeeper is switched off on this Mac, so it has no say in this update.');
    return;
  }
  const reason = reasonIn(outputOf(verdict));
  if (!isMandatory) {
    options.warn(`Gatekeeper does not accept the new version (${reason}), nor the installed one; going on.`);
    return;
  }
  throw new UpdateError(
    'gatekeeper-rejected',
    `macOS would not open the new version (${reason}). Nothing was changed. The release team has to publish a notarized one.`,
    { details: { output: outputOf(verdict) } },
  );
}

function assess(path: string, type: 'execute' | 'install', options: SignatureOptions): Promise<ToolResult> {
  return run(options, 'spctl', ['--assess', '--type', type, '--verbose=2', path]);
}

/** gktool came with macOS 14.4 (ANCHORS.md section 2). */
async function scan(app: string, options: SignatureOptions): Promise<readonly ToolResult[]> {
  return (await options.tools.exists('gktool')) ? [await run(options, 'gktool', ['scan', app])] : [];
}

/** Accepted because assessments are switched off says nothing about the app (fixtures README, 6). */
function isAccepted(result: ToolResult): boolean {
  return result.status === 0 && !isSwitchedOff(result);
}

function isSwitchedOff(result: ToolResult): boolean {
  return /override=security disabled/.test(outputOf(result));
}

/** The telling line: the first that is no report of progress. */
function reasonIn(output: string): string {
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('--'));
  return lines[0]?.replace(/^.*: (?=[a-z])/, '') ?? 'no reason given';
}

function run(
  { tools, signal }: SignatureOptions,
  name: 'codesign' | 'spctl' | 'gktool',
  args: readonly string[],
): Promise<ToolResult> {
  return tools.run(name, args, { timeout: VERIFY_TIMEOUT, signal });
}
