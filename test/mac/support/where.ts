import { spawnSync } from 'node:child_process';

export const IS_MAC = process.platform === 'darwin';

/** Shown in the names of tests, so that a skipped one says why. */
export const NEEDS_MAC = IS_MAC ? '' : ' (skipped: needs macOS)';

/**
 * The words that let a command run as root: none for root itself, `sudo -n` for somebody who needs no password and has
 * agreed to it with NEXY_MAC_SUDO=1. Null for everybody else: nothing is done as root behind anybody's back.
 */
export function rootWords(environment: NodeJS.ProcessEnv = process.env): readonly string[] | null {
  if (process.getuid?.() === 0) return [];
  if (environment['NEXY_MAC_SUDO'] !== '1') return null;
  const { status } = spawnSync('/usr/bin/sudo', ['-n', '/usr/bin/true'], { stdio: 'ignore' });
  return status === 0 ? ['/usr/bin/sudo', '-n'] : null;
}
