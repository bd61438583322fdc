import type { SimpleGit } from 'simple-git';
import { UpdateError } from '../../errors.ts';

export interface GitOptions {
  /** Working directory. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** Variables of Git's on top of the usual environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** For the command's standard input. */
  readonly input?: string;
}

/** A command failed; what Git said, without secrets. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure';
}

/** Git's own variables that say who acts and how to get through, not where the repository is. */
const KEPT =
  /^GIT_(?:AUTHOR_.+|COMMITTER_.+|SSH|SSH_COMMAND|ASKPASS|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)|SSL_.+|HTTP_.+)$/;
/** Others that could start an editor, a pager or a window, or point Git elsewhere. */
const DROPPED = /^(?:GIT_.*|EDITOR|VISUAL|PAGER|PREFIX|SSH_ASKPASS)$/i;

/**
 * Runs one Git command without ever asking anybody anything.
 *
 * @returns what it printed, without the last line's end
 * @throws GitFailure; UpdateError `cancelled`
 */
export async function runGit(commandArguments: readonly string[], options: GitOptions): Promise<string> {
  const git = await openGit(options);
  try {
    return (await git.raw([...commandArguments])).replace(/\n$/, '');
  } catch (error) {
    if (options.signal?.aborted)
      throw new UpdateError('cancelled', 'Cancelled while Git was at work. Run this again to finish.');
    throw new GitFailure(hideSecrets(error instanceof Error ? error.message : String(error)));
  }
}

async function openGit({ folder, signal, environment, input }: GitOptions): Promise<SimpleGit> {
  const { simpleGit } = await import('simple-git');
  const variables = gitEnvironment(environment);
  return simpleGit({
    baseDir: folder,
    ...(signal === undefined ? {} : { abort: signal }),
    allowEnvironment: Object.keys(variables),
    // These come from the environment of whoever runs this, who could run anything.
    unsafe: { allowUnsafeSshCommand: true, allowUnsafeAskPass: true, allowUnsafeConfigPaths: true },
    // A command that fails silently is a failure too.
    errors: (error, { exitCode, stdErr, stdOut }) =>
      error ?? (exitCode === 0 ? undefined : new Error(wordsOf(exitCode, [...stdErr, ...stdOut]))),
    ...(input === undefined ? {} : { input: () => input }),
  }).env(variables);
}

function gitEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const usual = Object.entries(process.env).filter(([name]) => !DROPPED.test(name) || KEPT.test(name));
  return {
    ...Object.fromEntries(usual),
    GIT_TERMINAL_PROMPT: '0',
    // ssh(1), OpenSSH 8.4: has this program asked instead of the terminal; it says no.
    SSH_ASKPASS: 'false',
    SSH_ASKPASS_REQUIRE: 'force',
    LC_ALL: 'C',
    ...more,
  };
}

function wordsOf(exitCode: number, output: readonly Buffer[]): string {
  const words = Buffer.concat(output).toString('utf8').trim();
  return words === '' ? `git ended with status ${exitCode}` : words;
}

/** Remotes may hold a name and a token, which Git repeats in its messages. */
export function hideSecrets(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*(?:@[^\s/@]*)*@/gi, '$1');
}
