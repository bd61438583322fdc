import { identityAt, isSame } from './exchange.ts';
import { type DirectoryIdentity, type Journal, readJournals } from './journal.ts';
import type { Layout } from './layout.ts';

/** What people and scripts are told of a target (DESIGN.md section 8). */
export type InstallationState = 'idle' | 'staged' | 'swapped' | 'confirmed' | 'rolled-back';

/** What lies on disk of one install, whatever its journal got to say. */
export interface Evidence {
  /** The new app is at the target. */
  readonly isNewAtTarget: boolean;
  /** The old app is at the target. */
  readonly isOldAtTarget: boolean;
  readonly isTargetMissing: boolean;
  /** Where the new app lies when it is not at the target. */
  readonly newAppAside: string | null;
  /** Where the old app lies when it is not at the target. */
  readonly oldAppAside: string | null;
}

/**
 * Looks where the two directories of an install are now. A rename or an exchange keeps the inode, so this is
 * certain where the journal, which may end before or after the deed, is not.
 */
export function gatherEvidence(layout: Layout, journal: Journal): Evidence {
  const { staged, aside: copied, paths } = journal;
  const atTarget = identityAt(layout.target);
  const find = (app: DirectoryIdentity): string | null =>
    [paths.newApp, paths.oldApp].find((path) => isSame(identityAt(path), app)) ?? null;
  if (copied !== null) {
    // The Installer writes to the target as it likes, so what it made has no identity; the copy of before has.
    const isOldAtTarget = isSame(atTarget, copied.oldApp);
    const isInstalled = journal.lastStep === 'exchanged' || journal.lastStep === 'confirmed';
    return {
      isNewAtTarget: isInstalled && atTarget !== null && !isOldAtTarget,
      isOldAtTarget,
      isTargetMissing: atTarget === null,
      newAppAside: null,
      oldAppAside: find(copied.oldApp),
    };
  }
  if (staged === null) {
    return {
      isNewAtTarget: false,
      isOldAtTarget: atTarget !== null,
      isTargetMissing: atTarget === null,
      newAppAside: null,
      oldAppAside: null,
    };
  }
  return {
    isNewAtTarget: isSame(atTarget, staged.newApp),
    isOldAtTarget: isSame(atTarget, staged.oldApp),
    isTargetMissing: atTarget === null,
    newAppAside: find(staged.newApp),
    oldAppAside: find(staged.oldApp),
  };
}

export interface InstallationStatus {
  readonly state: InstallationState;
  readonly journal: Journal | null;
}

/** Reads the state of a target from its newest journal and the disk. Changes nothing. */
export async function readInstallationStatus(layout: Layout): Promise<InstallationStatus> {
  const [journal] = await readJournals(layout);
  if (journal === undefined) return { state: 'idle', journal: null };
  return { state: stateOf(journal, gatherEvidence(layout, journal)), journal };
}

function stateOf(journal: Journal, evidence: Evidence): InstallationState {
  if (journal.lastStep === 'confirmed') return 'confirmed';
  if (journal.lastStep === 'undone') return 'rolled-back';
  if (journal.lastStep === 'failed') return 'idle';
  if (evidence.isNewAtTarget) return 'swapped';
  return journal.staged === null && journal.aside === null ? 'idle' : 'staged';
}
