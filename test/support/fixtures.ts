import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

const BESIDE = join(REPOSITORY, '..', 'shared', 'fixtures');

export const HAS_FIXTURES = existsSync(BESIDE);

/** Real inputs that nobody here made. They are not part of the repository. The real path: tools report that. */
export const FIXTURES = HAS_FIXTURES ? realpathSync(BESIDE) : BESIDE;

/** Doubles of Apple's tools, for `--tools`. */
export const MACOS_TOOLS = join(REPOSITORY, 'test', 'macos-tools');

/** Shown in the name of a test that needs the fixtures, so that a skipped one says why. */
export const NEEDS_FIXTURES = HAS_FIXTURES ? '' : ' (skipped: ../shared/fixtures is not there)';

/** The output of a recorded run of one of Apple's tools, without the header. */
export function recordedOutput(name: string): string {
  const text = readFileSync(join(FIXTURES, 'macos-outputs', name), 'utf8');
  return text.slice(text.indexOf('\n---\n') + '\n---\n'.length);
}
