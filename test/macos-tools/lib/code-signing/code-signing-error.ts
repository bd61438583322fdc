/**
 * What Apple's code-signing library can find wrong, with its text. Texts are those of the recordings in
 * fixtures/macos-outputs, otherwise those of Security.framework's message table.
 */
export const CODE_SIGNING_TEXTS = {
  'ambiguous-bundle': 'bundle format is ambiguous (could be app or framework)',
  'bad-bundle': 'bundle format unrecognized, invalid, or unsuitable',
  'bad-framework-version': 'embedded framework contains modified or invalid version',
  'bad-main-executable': 'main executable failed strict validation',
  'bad-nested-code': 'nested code is modified or invalid',
  'bad-object': 'object file format unrecognized, invalid, or unsuitable',
  'bad-plist': 'a required plist file or resource is malformed',
  'bad-resource': 'a sealed resource is missing or invalid',
  'bad-resource-rules': 'invalid resource selection rule(s)',
  'bad-team': "code has an invalid team identifier, or it is not that of the signer's certificate",
  detritus: 'resource fork, Finder information, or similar detritus not allowed',
  'ds-store-link': '.DS_Store files cannot be a symlink',
  'info-plist': 'invalid Info.plist (plist or signature have been modified)',
  internal: 'internal error in Code Signing subsystem',
  'link-destination': 'invalid destination for symbolic link in bundle',
  'no-resources': 'code has no resources but signature indicates they must be present',
  'not-a-resource': 'unsupported resource found (something not a directory, file or symlink)',
  'not-regular': 'the main executable or Info.plist must be a regular file (no symlinks, etc.)',
  'not-trusted': 'CSSMERR_TP_NOT_TRUSTED',
  'requirement-failed': 'code failed to satisfy specified code requirement(s)',
  'requirement-invalid': 'invalid or corrupted code requirement(s)',
  'resource-directory': 'invalid resource directory (directory or signature have been modified)',
  'resources-invalid': 'the sealed resource directory is invalid',
  signature: 'invalid signature (code or signature have been modified)',
  'unreadable-code': 'the code cannot be read by the verifier (file system permissions etc.)',
  'unsealed-framework-root': 'unsealed contents present in the root directory of an embedded framework',
  'unsealed-root': 'unsealed contents present in the bundle root',
  unsigned: 'code object is not signed at all',
  'unsupported-signature': 'unsupported type or version of signature',
  'weak-envelope': 'resource envelope is obsolete (version 1 signature)',
  'weak-rules': 'resource envelope is obsolete (custom omit rules)',
} as const;

export type CodeSigningCode = keyof typeof CODE_SIGNING_TEXTS;

/** What is printed below the first line of a failure. */
export interface CodeSigningDetails {
  readonly subcomponent?: string;
  readonly architecture?: string;
  readonly attachedData?: readonly string[];
  readonly added?: readonly string[];
  readonly modified?: readonly string[];
  readonly missing?: readonly string[];
}

/** A failure that Apple's library would report. */
export class CodeSigningError extends Error {
  readonly code: CodeSigningCode;
  readonly details: CodeSigningDetails;

  constructor(code: CodeSigningCode, details: CodeSigningDetails = {}, options: ErrorOptions = {}) {
    super(CODE_SIGNING_TEXTS[code], options);
    this.name = 'CodeSigningError';
    this.code = code;
    this.details = details;
  }

  /** The same failure with more said about it; what is known already stays. */
  with(details: CodeSigningDetails): CodeSigningError {
    return new CodeSigningError(this.code, { ...details, ...this.details }, { cause: this });
  }
}

/** Runs a step; whatever goes wrong in it that is not a failure of its own becomes the given one. */
export function failAs<Result>(code: CodeSigningCode, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    if (error instanceof CodeSigningError) throw error;
    throw new CodeSigningError(code, {}, { cause: error });
  }
}
