import type { ContractRow, Need } from '../../macos-tools/contract.ts';
import type { RowStanding } from './contract-report.ts';

/** Rows that no real Mac is to be bothered with, and why. */
const UNTRIED: Readonly<Record<string, string>> = {
  'hdiutil: detach: by device, quietly': 'It names a disk by a number that is another one on this Mac.',
  'hdiutil: detach: several devices': 'It names disks by numbers that are other ones on this Mac.',
  'open: a program for another machine': 'It would show an alert, which waits for somebody.',
};

export interface MacFacts {
  readonly hasFixtures: boolean;
  /** Whether Gatekeeper is on, which it is not on every runner: then it accepts what it would refuse. */
  readonly assesses: boolean;
  /** Whether tools may be run as root, and nobody's receipts of Nexy would be replaced. */
  readonly mayUseRoot: boolean;
}

/**
 * What a row is worth on this Mac. Pure. Only what somebody saw a Mac do has to hold: a row for both whose source is
 * not a guess, where all is there that it is compared with.
 */
export function standingOf(
  row: ContractRow,
  { hasFixtures, assesses, mayUseRoot }: MacFacts,
): { readonly standing: RowStanding; readonly reason: string } {
  const untried = UNTRIED[`${row.tool}: ${row.name}`];
  if (untried !== undefined) return { standing: 'not tried', reason: untried };
  const needs = (need: Need) => row.needs?.includes(need) === true;
  if (needs('root') && !mayUseRoot) {
    return {
      standing: 'not tried',
      reason: 'Needs root: NEXY_MAC_SUDO=1, sudo without a password, and no receipts of Nexy.',
    };
  }
  if (!hasFixtures && (needs('fixtures') || /\.(txt|plist)$/.test(row.source))) {
    return { standing: 'observed', reason: 'The recordings are not here to compare with.' };
  }
  if (row.tool === 'spctl' && !assesses)
    return { standing: 'observed', reason: 'Gatekeeper is switched off on this Mac.' };
  if (row.runsOn === 'double')
    return { standing: 'observed', reason: 'The row is for the double alone so far.' };
  if (/unverified|not recorded/.test(row.source))
    return { standing: 'observed', reason: 'The row is a guess so far.' };
  return { standing: 'asserted', reason: '' };
}
