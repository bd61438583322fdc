import { readFile } from 'node:fs/promises';
import { type ErrorCode, isErrorCode, UpdateError } from '../errors.ts';
import { outputOf, type ToolResult, type Tools } from './tools.ts';

/**
 * The one shell command that is put together from values, and the only script that AppleScript ever gets here. The
 * values are arguments of osascript, and reach the shell through `quoted form of`: none becomes part of a script. The
 * first is the root script, the second what the person is told, the others are the script's own arguments.
 */
const PROMPT_SCRIPT = `on run argv
  set shellCommand to "/bin/sh -c " & quoted form of item 1 of argv & " nexy-updater-install"
  repeat with n from 3 to count of argv
    set shellCommand to shellCommand & " " & quoted form of item n of argv
  end repeat
  do shell script shellCommand with prompt (item 2 of argv) with administrator privileges without altering line endings
end run`;

/** The root script's answer: everything is staged and waits for the app to end, or all is done. */
export type AuthorizedAnswer = 'waiting' | 'exchanged';

export interface AuthorizationRequest {
  /** What the person reads above the field for the password. */
  readonly prompt: string;
  /** Arguments of resources/authorized-install.sh. */
  readonly script: readonly string[];
}

/**
 * Asks for an administrator's password and runs the root script with what it is given. Root asks nobody. It cannot be
 * cancelled from here once it has begun: what runs as root is not ours to end.
 *
 * @throws UpdateError `authorization-denied` when nobody agreed, or the code with which the root script refused. The
 *   target is as it was then.
 */
export async function runAuthorized(request: AuthorizationRequest, tools: Tools): Promise<AuthorizedAnswer> {
  const text = await readRootScript();
  const result =
    process.geteuid?.() === 0
      ? await tools.run('sh', ['-c', text, 'nexy-updater-install', ...request.script])
      : await tools.run('osascript', ['-e', PROMPT_SCRIPT, text, request.prompt, ...request.script]);
  if (result.status !== 0) throw authorizationFailure(result);
  const answer = result.stdout.trimEnd().split('\n').at(-1);
  if (answer === 'waiting' || answer === 'exchanged') return answer;
  throw new UpdateError('swap-failed', 'What was done as an administrator did not end as it should.', {
    details: { output: outputOf(result) },
  });
}

/** Both texts go along in the command, so that root reads no script from a place that others can write. */
async function readRootScript(): Promise<string> {
  const texts = ['install-functions.sh', 'authorized-install.sh'].map((name) =>
    readFile(new URL(`../../resources/${name}`, import.meta.url), 'utf8'),
  );
  return (await Promise.all(texts)).join('\n');
}

/**
 * What a failed authorization means. Pure. osascript gives a number in brackets at the end: AppleScript's own are
 * negative (fixtures README, exit statuses), others are the exit status of the command, whose words stand before it.
 */
export function authorizationFailure(result: Pick<ToolResult, 'status' | 'stdout' | 'stderr'>): UpdateError {
  const output = [result.stderr.trim(), result.stdout.trim()].filter((text) => text !== '').join('\n');
  const refusal = /nexy-updater: ([a-z0-9-]+): (.*?)(?: \(\d+\))?$/m.exec(output);
  if (refusal?.[1] !== undefined && isErrorCode(refusal[1])) {
    return new UpdateError(refusal[1], `${refusal[2]} Nothing was changed.${adviceFor(refusal[1])}`, {
      details: { output },
    });
  }
  const number = Number(/\((-?\d+)\)\s*$/.exec(output)?.[1] ?? 0);
  const [code, sentence] = ANSWERS[number] ?? UNKNOWN;
  return new UpdateError(code, sentence, { details: { number, output } });
}

/** Numbers of MacErrors.h and of Authorization.h. */
const ANSWERS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  [-128]: [
    'authorization-denied',
    'You did not allow the update to be installed. Nothing was changed. It stays ready; ask for it again when it suits you.',
  ],
  [-60005]: [
    'authorization-denied',
    'The name or password of the administrator was not right. Nothing was changed. Try again, or ask an administrator of this Mac.',
  ],
  [-60006]: [
    'authorization-denied',
    'You did not allow the update to be installed. Nothing was changed. It stays ready; ask for it again when it suits you.',
  ],
  [-60007]: [
    'authorization-denied',
    'No administrator could agree: the name or password was not right, or nobody could be asked. Nothing was changed. Try again at the Mac itself, or ask an administrator of it.',
  ],
  [-1713]: [
    'authorization-denied',
    'Nobody could be asked for an administrator’s password. Nothing was changed. Log in at the Mac itself and try again.',
  ],
};

const UNKNOWN: readonly [ErrorCode, string] = [
  'authorization-denied',
  'The update could not be installed with the rights of an administrator. Nothing was changed. Try again, or ask an administrator of this Mac.',
];

function adviceFor(code: ErrorCode): string {
  const advice: Partial<Record<ErrorCode, string>> = {
    'disk-full': ' Free some space and try again.',
    'install-busy': ' Try again when it is done.',
    'target-in-use': ' Quit it and try again.',
    'sha256-mismatch': ' Run the update again.',
    'swap-failed': ' Check for updates again.',
  };
  return advice[code] ?? '';
}
