import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** Git as on a machine of nobody's: no configuration but this, and a name for commits. */
const ENVIRONMENT = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Release team',
  GIT_AUTHOR_EMAIL: 'release@example.org',
  GIT_COMMITTER_NAME: 'Release team',
  GIT_COMMITTER_EMAIL: 'release@example.org',
};

export interface Clone {
  /** The work tree. */
  readonly folder: string;
  /** Where the manifests lie in it. */
  readonly manifests: string;
  git(...commandArguments: string[]): string;
}

export interface GitWorld {
  readonly folder: string;
  /** The bare repository that all clones push to. */
  readonly remote: string;
  readonly environment: NodeJS.ProcessEnv;
  clone(name: string): Clone;
  /** What the remote's branch has at a path, or null. */
  read(path: string): string | null;
  /** Subjects of the remote's commits, the newest first. */
  log(): readonly string[];
  /** Commits files through a clone of its own. */
  commit(files: Readonly<Record<string, string>>, message?: string): void;
  /** Makes a script one of the remote's hooks. */
  hook(name: string, text: string): void;
}

/**
 * A bare repository in a folder, whose branch `main` has one commit. Sets Git's variables for this process too.
 *
 * @param below where the manifests lie in the work tree; empty for its root
 */
export async function openGitWorld(below = ''): Promise<GitWorld> {
  Object.assign(process.env, ENVIRONMENT);
  const folder = await temporaryFolder();
  const remote = join(folder, 'remote.git');
  const run = (place: string, ...commandArguments: string[]): string =>
    execFileSync('git', commandArguments, {
      cwd: place,
      env: ENVIRONMENT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  run(folder, 'init', '--quiet', '--bare', '--initial-branch=main', remote);
  const clone = (name: string): Clone => {
    const place = join(folder, name);
    run(folder, 'clone', '--quiet', remote, place);
    const manifests = join(place, below);
    mkdirSync(manifests, { recursive: true });
    return { folder: place, manifests, git: (...more) => run(place, ...more) };
  };
  const author = clone('author');
  const commit = (files: Readonly<Record<string, string>>, message = 'Somebody else'): void => {
    if (run(remote, 'for-each-ref') !== '') author.git('pull', '--quiet', '--ff-only');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(author.folder, path, '..'), { recursive: true });
      writeFileSync(join(author.folder, path), text);
    }
    author.git('add', '--all');
    author.git('commit', '--quiet', '--message', message);
    author.git('push', '--quiet', 'origin', 'HEAD:main');
  };
  author.git('checkout', '--quiet', '-B', 'main');
  commit({ 'README.md': 'updates\n' }, 'First');
  author.git('branch', '--quiet', '--set-upstream-to=origin/main');
  return {
    folder,
    remote,
    environment: ENVIRONMENT,
    clone,
    read: (path) => {
      try {
        return `${run(remote, 'show', `main:${path}`)}\n`;
      } catch {
        return null;
      }
    },
    log: () => run(remote, 'log', '--format=%s', 'main').split('\n'),
    commit,
    hook: (name, text) => writeFileSync(join(remote, 'hooks', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 }),
  };
}

/** Whether a clone has nothing that was not committed and pushed. */
export function isSettled({ git }: Clone): boolean {
  git('fetch', '--quiet');
  return git('status', '--porcelain') === '' && git('rev-parse', 'HEAD') === git('rev-parse', '@{upstream}');
}
