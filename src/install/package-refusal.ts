import { type ErrorCode, type ErrorDetails, UpdateError } from '../errors.ts';

/** The error for a package that must not be installed. Nothing has happened yet when a package is judged. */
export function refuse(code: ErrorCode, reason: string, details: ErrorDetails = {}): UpdateError {
  return new UpdateError(
    code,
    `The package was not installed: ${reason}. Nothing was changed. The release team has to publish it again.`,
    { details },
  );
}
