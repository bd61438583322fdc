/** Codes of findings about a manifest (DESIGN.md section 3). */
export const FINDING_CODES = [
  'manifest-invalid',
  'version-invalid',
  'artifact-type',
  'artifact-url-type',
  'artifact-url-insecure',
  'foreign-owner',
  'foreign-host',
  'tag-mismatch',
  'sha256-invalid',
  'size-invalid',
  'fixed-tag',
  'url-missing',
  'channel-mismatch',
  'unsigned',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** Reasons of a decision, in the order in which they are tried (DESIGN.md section 4). */
export const DECISION_REASONS = [
  'manifest-rejected',
  'up-to-date',
  'older',
  'os-too-old',
  'arch-unsupported',
  'artifact-refused-before',
  'read-only-volume',
  'translocated',
  'skipped-by-user',
  'rollout',
  'newer',
] as const;
export type DecisionReason = (typeof DECISION_REASONS)[number];

/** Codes of failures that are neither a finding nor a reason (DESIGN.md section 8). */
export const FAILURE_CODES = [
  'usage',
  'manifest-unreachable',
  'app-not-found',
  'download-failed',
  'download-stalled',
  'size-mismatch',
  'sha256-mismatch',
  'disk-full',
  'not-published',
  'image-unreadable',
  'image-encrypted',
  'payload-not-found',
  'payload-ambiguous',
  'bundle-id-mismatch',
  'payload-version-mismatch',
  'payload-incompatible',
  'signature-invalid',
  'requirement-mismatch',
  'gatekeeper-rejected',
  'not-writable',
  'authorization-denied',
  'app-management-denied',
  'target-in-use',
  'install-busy',
  'swap-failed',
  'pkg-wrong-location',
  'pkg-install-failed',
  'cancelled',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** Codes of the publish flow (`nexy-release`); it also uses those of findings. */
const RELEASE_CODES = [
  'owner-mismatch',
  'promotion-required',
  'inbox-incomplete',
  'version-not-newer',
  'bundle-version-mismatch',
  'bundle-minimum-mismatch',
  'asset-conflict',
  'duplicate-releases',
  'release-in-progress',
  'digest-mismatch',
  'incomplete-release',
  'github-auth',
  'github-rate-limited',
  'github-failed',
  'manifest-conflict',
] as const;
type ReleaseCode = (typeof RELEASE_CODES)[number];

/** Codes of the update server (`nexy-update-server`). */
const SERVER_CODES = ['folder-unreadable', 'address-unavailable', 'export-refused', 'server-failed'] as const;
type ServerCode = (typeof SERVER_CODES)[number];

/** The code of the migration lab (`nexy-updater lab`): it could not go on, whatever the clients did. */
const LAB_CODES = ['lab-failed'] as const;
type LabCode = (typeof LAB_CODES)[number];

export type ErrorCode = FindingCode | DecisionReason | FailureCode | ReleaseCode | ServerCode | LabCode;

const ERROR_CODES: ReadonlySet<string> = new Set([
  ...FINDING_CODES,
  ...DECISION_REASONS,
  ...FAILURE_CODES,
  ...RELEASE_CODES,
  ...SERVER_CODES,
  ...LAB_CODES,
]);

export function isErrorCode(text: string): text is ErrorCode {
  return ERROR_CODES.has(text);
}

export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one error type that leaves this package. `message` is a sentence for a person: what happened,
 * what it means, what to do. `details` is for machines and must never hold a secret.
 */
export class UpdateError extends Error {
  override readonly name = 'UpdateError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: ErrorDetails } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** The error document of every `--json` command. */
  toJSON(): { error: { code: ErrorCode; message: string; details: ErrorDetails } } {
    return { error: { code: this.code, message: this.message, details: this.details } };
  }
}

/** How an error that nobody foresaw is told: by which code, and what it means for who reads it. */
export interface Unforeseen {
  readonly code: ErrorCode;
  readonly consequence: string;
}

const DURING_INSTALL: Unforeseen = { code: 'swap-failed', consequence: 'The installed app is as it was.' };

const NOT_ALLOWED = 'The system did not allow it. Do it as the owner of the files, or ask an administrator.';

const SYSTEM_FAILURES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ['disk-full', 'There is no space left on the disk. Free some and try again.'],
  EDQUOT: ['disk-full', 'Your quota of disk space is used up. Free some and try again.'],
  EACCES: ['not-writable', NOT_ALLOWED],
  EPERM: ['not-writable', NOT_ALLOWED],
  EROFS: ['read-only-volume', 'The volume cannot be written to.'],
};

/** Any error as one of ours. What nobody foresaw keeps its own words, since they are all there is. */
export function asUpdateError(cause: unknown, unforeseen: Unforeseen = DURING_INSTALL): UpdateError {
  if (cause instanceof UpdateError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const [code, sentence] = SYSTEM_FAILURES[systemErrorCode(cause) ?? ''] ?? [
    unforeseen.code,
    'This was not foreseen.',
  ];
  return new UpdateError(code, `${sentence} ${unforeseen.consequence} (${reason})`, { cause });
}

/** The system call's code (`ENOENT`, `ENOSPC`, ...) of an error of Node's, or null. */
export function systemErrorCode(error: unknown): string | null {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return null;
}

/** Whether an error of the system's says that there is no space left, or that a quota is used up. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '');
}
