import { identityAt, isSame } from './exchange.ts';
import { type Journal, readJournals } from './journal.ts';
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
  const { staged, aside, paths, lastStep } = journal;
  const atTarget = identityAt(layout.target);
  if (aside !== null) {
    // A package makes directories of its own; only the copy of what was there before it is known.
    const isOldAtTarget = isSame(atTarget, aside.oldApp) || (lastStep === 'aside' && atTarget !== null);
    const isDone = lastStep === 'exchanged' || lastStep === 'confirmed';
    return {
      isNewAtTarget: isDone && atTarget !== null && !isOldAtTarget,
      isOldAtTarget,
      isTargetMissing: atTarget === null,
      newAppAside: null,
      oldAppAside: isSame(identityAt(paths.oldApp), aside.oldApp) ? paths.oldApp : null,
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
  const found = [paths.newApp, paths.oldApp].map((path) => ({ path, identity: identityAt(path) }));
  return {
    isNewAtTarget: isSame(atTarget, staged.newApp),
    isOldAtTarget: isSame(atTarget, staged.oldApp),
    isTargetMissing: atTarget === null,
    newAppAside: found.find(({ identity }) => isSame(identity, staged.newApp))?.path ?? null,
    oldAppAside: found.find(({ identity }) => isSame(identity, staged.oldApp))?.path ?? null,
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
