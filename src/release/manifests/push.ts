import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UpdateError } from '../../errors.ts';
import type { ReleaseReporter } from '../reporter.ts';
import { GitFailure, runGit } from './git.ts';
import { isManifestFile, type ManifestFile } from './manifest-folder.ts';

/** Where the folder of manifests lies in Git. */
interface Place {
  readonly folder: string;
  /** Of the folder below the work tree: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly branch: string;
  readonly remote: string;
  /** The branch's name over there, e.g. `refs/heads/main`. */
  readonly remoteRef: string;
  /** What is known of it here, e.g. `refs/remotes/origin/main`. */
  readonly upstream: string;
}

/** A commit that the remote has taken. */
export interface PushedCommit {
  readonly id: string;
  readonly base: string;
}

/** Git's words for a branch that somebody else has moved meanwhile (push(1), receive-pack). */
const MOVED = /fetch first|non-fast-forward|cannot lock ref|failed to update ref|incorrect old value/;

/**
 * The Git work tree that the folder of manifests is (part of). Only for who holds the folder's lock.
 *
 * A change is made into a commit without touching work tree, index or branch, and pushed; only when the remote has taken
 * it, it becomes the branch's. So a refused push leaves nothing to take back, other work in progress is never touched,
 * hooks for commits do not run, and a run killed at any point leaves either nothing or what the remote has.
 */
export class WorkTree {
  readonly #place: Place;
  readonly #reporter: ReleaseReporter;
  readonly #signal: AbortSignal | undefined;

  private constructor(place: Place, reporter: ReleaseReporter, signal: AbortSignal | undefined) {
    this.#place = place;
    this.#reporter = reporter;
    this.#signal = signal;
  }

  /**
   * @throws UpdateError `usage` when the folder lies in no clone, on no branch, on one without an upstream, or nobody is
   *   named as committer
   */
  static async open(folder: string, reporter: ReleaseReporter, signal?: AbortSignal): Promise<WorkTree> {
    const options = { folder, ...(signal === undefined ? {} : { signal }) };
    const ask = async (advice: string, commandArguments: readonly string[]): Promise<string> => {
      try {
        return await runGit(commandArguments, options);
      } catch (error) {
        if (!(error instanceof GitFailure)) throw error;
        throw new UpdateError(
          'usage',
          `The manifests in ${folder} cannot be pushed. ${advice} (git: ${error.message})`,
          { cause: error, details: { folder } },
        );
      }
    };
    const prefix = await ask('--push needs a folder in a Git clone.', ['rev-parse', '--show-prefix']);
    const head = ['symbolic-ref', '--quiet', 'HEAD'];
    const ref = await ask('The clone is on no branch: check one out.', head);
    await ask('The branch has no commit yet: make the first one and push it.', ['rev-parse', 'HEAD']);
    const wanted = '--format=%(upstream)%00%(upstream:remotename)%00%(upstream:remoteref)';
    const described = await ask('Its branch cannot be looked up.', ['for-each-ref', wanted, ref]);
    const [upstream = '', remote = '', remoteRef = ''] = described.split('\0');
    if (upstream === '' || remote === '' || remoteRef === '')
      throw new UpdateError(
        'usage',
        `The manifests in ${folder} cannot be pushed: the branch ${shortName(ref)} has no upstream. Set one with "git branch --set-upstream-to".`,
        { details: { folder } },
      );
    await ask('Say who commits, with "git config user.name" and "git config user.email".', [
      'var',
      'GIT_COMMITTER_IDENT',
    ]);
    const place = { folder, prefix, branch: ref, remote, remoteRef, upstream };
    return new WorkTree(place, reporter, signal);
  }

  /**
   * Brings the work tree up to date with its upstream, by fast-forward only.
   *
   * @throws UpdateError `manifest-conflict` when manifests have changes that were not committed, when the branch has
   *   commits that were not pushed, or when Git fails
   */
  async update(): Promise<void> {
    const { branch, remote, remoteRef, upstream } = this.#place;
    this.#reporter.step('fetch', `Fetching ${shortName(branch)} from ${remote}`);
    await this.#git('The remote could not be asked.', [
      'fetch',
      '--quiet',
      '--no-tags',
      remote,
      `+${remoteRef}:${upstream}`,
    ]);
    await this.#settleManifests();
    const [ahead, behind] = await this.#distance();
    if (ahead > 0)
      throw this.#conflict(
        `The branch ${shortName(branch)} has ${ahead} ${ahead === 1 ? 'commit' : 'commits'} that ${remote} does not have${behind > 0 ? ', and lacks others' : ''}. Push or drop them first.`,
      );
    if (behind > 0)
      await this.#git('It could not be fast-forwarded.', ['merge', '--quiet', '--ff-only', upstream]);
  }

  /**
   * Commits these files on top of the branch, and pushes that.
   *
   * @returns null when somebody else has pushed meanwhile: nothing has changed then, and it is to be decided again after
   *   an `update`
   * @throws UpdateError `manifest-conflict` when the remote refuses it otherwise
   */
  async push(files: readonly ManifestFile[], message: string): Promise<PushedCommit | null> {
    const { branch, remote, remoteRef, upstream } = this.#place;
    const base = await this.#git('Its branch cannot be read.', ['rev-parse', branch]);
    const id = await this.#commit(base, files, message);
    this.#reporter.step('push', `Pushing to ${shortName(remoteRef)} of ${remote}`);
    try {
      await this.#run(['push', '--quiet', remote, `${id}:${remoteRef}`]);
      return { id, base };
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      // The answer may have been lost on its way, and the words differ: what is over there tells.
      await this.#git('The remote could not be asked whether it took the change.', [
        'fetch',
        '--quiet',
        '--no-tags',
        remote,
        `+${remoteRef}:${upstream}`,
      ]);
      const there = await this.#git('Its upstream cannot be read.', ['rev-list', `${base}..${upstream}`]);
      if (there.split('\n').includes(id)) return { id, base };
      if (there !== '' || MOVED.test(error.message)) return null;
      throw this.#conflict('The remote refused the change.', error);
    }
  }

  /**
   * Makes a pushed commit the branch's, when its files have been written. What fails here is made good by the next run's
   * `update`.
   */
  async adopt({ id, base }: PushedCommit, files: readonly ManifestFile[]): Promise<void> {
    const { branch } = this.#place;
    try {
      await this.#run(['add', '--force', '--', ...files.map(({ name }) => name)]);
      await this.#run(['update-ref', '-m', 'nexy-release', branch, id, base]);
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      this.#reporter.warn(
        `The manifests were pushed, but the branch ${shortName(branch)} of this clone could not be moved along. Run "git pull". (git: ${error.message})`,
      );
    }
  }

  /** Builds the commit from an index of its own. */
  async #commit(base: string, files: readonly ManifestFile[], message: string): Promise<string> {
    const { folder, prefix } = this.#place;
    const failed = 'The commit could not be made.';
    const index = resolve(folder, await this.#git(failed, ['rev-parse', '--git-path', 'nexy-release-index']));
    const environment = { GIT_INDEX_FILE: index };
    const clear = async (): Promise<void> => {
      for (const path of [index, `${index}.lock`]) await rm(path, { force: true });
    };
    await clear();
    try {
      await this.#git(failed, ['read-tree', base], environment);
      for (const { name, text } of files) {
        const blob = await this.#git(failed, ['hash-object', '-w', '--stdin'], {}, text);
        const entry = `100644,${blob},${prefix}${name}`;
        await this.#git(failed, ['update-index', '--add', '--cacheinfo', entry], environment);
      }
      const tree = await this.#git(failed, ['write-tree'], environment);
      const isSigned = await this.#run(['config', '--type=bool', '--get', 'commit.gpgsign']).catch(() => '');
      const signature = isSigned === 'true' ? ['-S'] : [];
      return await this.#git(failed, ['commit-tree', ...signature, '-p', base, '-m', message, tree]);
    } finally {
      await clear();
    }
  }

  /**
   * Changes to manifests that nobody committed are somebody's work, unless they are what the upstream has: then a run
   * was killed after its push.
   */
  async #settleManifests(): Promise<void> {
    const { folder, prefix, upstream } = this.#place;
    const failed = 'Its state cannot be read.';
    const status = ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all', '--', '.'];
    const entries = (await this.#git(failed, status)).split('\0').filter((entry) => entry !== '');
    const names = entries
      .map((entry) => entry.slice('XY '.length))
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length))
      .filter(isManifestFile);
    const changed: string[] = [];
    for (const name of names) {
      const wanted = await this.#run([
        'rev-parse',
        '--verify',
        '--quiet',
        `${upstream}:${prefix}${name}`,
      ]).catch(() => null);
      const found = await this.#run(['hash-object', '--', name]).catch(() => null);
      if (wanted === null || wanted !== found) changed.push(name);
    }
    if (changed.length > 0)
      throw this.#conflict(
        `There are changes that were not committed: ${changed.map((name) => join(folder, name)).join(', ')}. Commit and push them, or take them back.`,
      );
    if (names.length > 0) await this.#git(failed, ['add', '--force', '--', ...names]);
  }

  async #distance(): Promise<readonly [ahead: number, behind: number]> {
    const { branch, upstream } = this.#place;
    const range = `${branch}...${upstream}`;
    const counted = await this.#git('Its branch cannot be compared.', [
      'rev-list',
      '--left-right',
      '--count',
      range,
    ]);
    const [ahead = 0, behind = 0] = counted.split('\t').map(Number);
    return [ahead, behind];
  }

  #run(
    commandArguments: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    input?: string,
  ): Promise<string> {
    return runGit(commandArguments, {
      folder: this.#place.folder,
      environment,
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      ...(input === undefined ? {} : { input }),
    });
  }

  async #git(
    failure: string,
    commandArguments: readonly string[],
    environment?: Readonly<Record<string, string>>,
    input?: string,
  ): Promise<string> {
    try {
      return await this.#run(commandArguments, environment, input);
    } catch (error) {
      if (error instanceof GitFailure) throw this.#conflict(failure, error);
      throw error;
    }
  }

  #conflict(reason: string, cause?: GitFailure): UpdateError {
    const { folder } = this.#place;
    const words = cause === undefined ? '' : ` (git: ${cause.message})`;
    return new UpdateError(
      'manifest-conflict',
      `The manifests in ${folder} were not changed. ${reason}${cause === undefined ? '' : ' Make it work, then run this again.'}${words}`,
      { details: { folder }, ...(cause === undefined ? {} : { cause }) },
    );
  }
}

function shortName(ref: string): string {
  return ref.replace(/^refs\/heads\//, '');
}
