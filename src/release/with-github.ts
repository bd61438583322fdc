import type { GitHub } from './github/github.ts';
import { openGitHub } from './github/open-github.ts';
import type { ReleaseReporter } from './reporter.ts';
import type { ReleaseSettings } from './settings.ts';

interface Access {
  readonly settings: ReleaseSettings;
  readonly reporter: ReleaseReporter;
  readonly signal: AbortSignal;
}

/**
 * Does something with the production owner's releases, and ends the connections afterwards.
 *
 * @throws UpdateError `github-auth` without a token, and what `use` throws
 */
export async function withGitHub<Result>(
  { settings, reporter, signal }: Access,
  use: (github: GitHub) => Promise<Result>,
): Promise<Result> {
  const { apiUrl, token, owner } = settings;
  const onWait = (seconds: number): void => reporter.step('wait', `GitHub asks to wait ${seconds} s`);
  const github = openGitHub({ apiUrl, token, owner, signal, onWait });
  try {
    return await use(github);
  } finally {
    await github.close();
  }
}

/** The same for what can do with less: null without a token, and people are told so. */
export async function withGitHubIfAllowed<Result>(
  access: Access,
  use: (github: GitHub | null) => Promise<Result>,
): Promise<Result> {
  if (access.settings.token !== null) return withGitHub(access, use);
  access.reporter.warn(
    'There is no token (GITHUB_TOKEN), so GitHub is not asked: only what the world can download is looked at.',
  );
  return use(null);
}
