import { fileURLToPath } from 'node:url';

/** A user by number; need not exist in any list. */
export interface OtherUser {
  readonly uid: number;
  readonly gid: number;
  /** Further groups, such as `admin`. */
  readonly groups: readonly number[];
  readonly umask: number;
}

/** Two ordinary users and the group of administrators, as on a Mac: `staff` is everybody's first group. */
export const STAFF = 65_020;
export const ADMIN = 65_080;
export const ALICE: OtherUser = { uid: 65_501, gid: STAFF, groups: [], umask: 0o022 };
export const BOB: OtherUser = { uid: 65_502, gid: STAFF, groups: [], umask: 0o022 };

/** Only root becomes somebody else. */
export const CAN_BE_OTHERS = process.getuid?.() === 0;

/** Shown in the name of a test that needs other users, so that a skipped one says why. */
export const NEEDS_OTHERS = CAN_BE_OTHERS ? '' : ' (skipped: needs root, to become other users)';

export function asAdministrator(user: OtherUser): OtherUser {
  return { ...user, groups: [...user.groups, ADMIN] };
}

/** Arguments for Node that run a script as somebody else; as whoever runs the test where that is null. */
export function scriptAs(user: OtherUser | null, script: string, args: readonly string[]): readonly string[] {
  if (user === null) return [script, ...args];
  const become = fileURLToPath(new URL('as-user.ts', import.meta.url));
  return [become, JSON.stringify(user), script, ...args];
}
