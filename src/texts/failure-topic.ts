import type { DecisionReason, FailureCode, FindingCode } from '../errors.ts';

/** Codes that never come as a failure: what they tell is no failure, or only a remark. */
type HarmlessCode =
  | Extract<FindingCode, 'fixed-tag' | 'url-missing' | 'channel-mismatch' | 'unsigned'>
  | Extract<DecisionReason, 'up-to-date' | 'older' | 'newer' | 'rollout' | 'skipped-by-user'>;
/** Codes of `UpdateError` that can reach a person who updates. */
export type ShownCode = Exclude<FindingCode | DecisionReason | FailureCode, HarmlessCode>;

/** What failures mean to a person: several codes may come to the same. */
export type FailureTopic = (typeof FAILURE_TOPICS)[ShownCode] | 'unknown';

/** The topic of every code. One that is missing does not compile. */
export const FAILURE_TOPICS = {
  'manifest-invalid': 'bad-offer',
  'version-invalid': 'bad-offer',
  'artifact-type': 'bad-offer',
  'artifact-url-type': 'bad-offer',
  'artifact-url-insecure': 'bad-offer',
  'foreign-owner': 'foreign-offer',
  'foreign-host': 'foreign-offer',
  'tag-mismatch': 'bad-offer',
  'sha256-invalid': 'bad-offer',
  'size-invalid': 'bad-offer',
  'manifest-rejected': 'bad-offer',
  'os-too-old': 'incompatible',
  'arch-unsupported': 'incompatible',
  'artifact-refused-before': 'wrong-contents',
  'read-only-volume': 'read-only-volume',
  translocated: 'translocated',
  usage: 'unknown',
  'manifest-unreachable': 'unreachable',
  'app-not-found': 'app-not-found',
  'download-failed': 'download-failed',
  'download-stalled': 'download-stalled',
  'size-mismatch': 'damaged',
  'sha256-mismatch': 'damaged',
  'disk-full': 'disk-full',
  'not-published': 'not-published',
  'image-unreadable': 'unreadable',
  'image-encrypted': 'wrong-contents',
  'payload-not-found': 'wrong-contents',
  'payload-ambiguous': 'wrong-contents',
  'bundle-id-mismatch': 'wrong-contents',
  'payload-version-mismatch': 'wrong-contents',
  'payload-incompatible': 'incompatible',
  'signature-invalid': 'untrusted',
  'requirement-mismatch': 'untrusted',
  'gatekeeper-rejected': 'untrusted',
  'not-writable': 'not-writable',
  'authorization-denied': 'authorization-denied',
  'app-management-denied': 'app-management-denied',
  'target-in-use': 'target-in-use',
  'install-busy': 'install-busy',
  'swap-failed': 'swap-failed',
  'pkg-wrong-location': 'wrong-contents',
  'pkg-install-failed': 'package-failed',
  cancelled: 'cancelled',
} as const satisfies Readonly<Record<ShownCode, string>>;

const TOPIC_BY_CODE: ReadonlyMap<string, FailureTopic> = new Map(Object.entries(FAILURE_TOPICS));

/** @param code of an `UpdateError`; a code from another version of the updater has no topic of its own */
export function failureTopic(code: string): FailureTopic {
  return TOPIC_BY_CODE.get(code) ?? 'unknown';
}

/** What a person can do about it. */
export type Remedy = 'retry' | 'wait' | 'move-to-applications' | 'allow-app-management';

/** `retry`: trying again may well help. `wait`: only others can mend it, or something else has to be done first. */
export const REMEDIES: Readonly<Record<FailureTopic, Remedy>> = {
  'bad-offer': 'wait',
  'foreign-offer': 'wait',
  incompatible: 'wait',
  'wrong-contents': 'wait',
  'read-only-volume': 'move-to-applications',
  translocated: 'move-to-applications',
  unreachable: 'retry',
  'app-not-found': 'wait',
  'download-failed': 'retry',
  'download-stalled': 'retry',
  damaged: 'retry',
  'disk-full': 'retry',
  'not-published': 'wait',
  unreadable: 'retry',
  untrusted: 'wait',
  'not-writable': 'wait',
  'authorization-denied': 'retry',
  'app-management-denied': 'allow-app-management',
  'target-in-use': 'retry',
  'install-busy': 'retry',
  'swap-failed': 'retry',
  'package-failed': 'retry',
  cancelled: 'retry',
  unknown: 'retry',
};
