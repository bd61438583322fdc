import { CodeSigningError } from './code-signing-error.ts';

/** Texts of errno as perror(3) prints them. */
const SYSTEM_TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
};

/** First line about a failure: what Apple's tools print behind the path. Throws what is no such failure. */
export function failureText(error: unknown): string {
  if (error instanceof CodeSigningError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = SYSTEM_TEXTS[code];
  if (text === undefined) throw error;
  return text;
}

/**
 * Prints a failure as codesign does: the context lines on standard error always, the files that it is about on
 * standard output and only when verbose.
 */
export function printFailure(path: string | null, error: unknown, isVerbose: boolean): void {
  process.stderr.write(`${path === null ? '' : `${path}: `}${failureText(error)}\n`);
  if (!(error instanceof CodeSigningError)) return;
  const { subcomponent, architecture, attachedData, added, modified, missing } = error.details;
  if (subcomponent !== undefined) process.stderr.write(`In subcomponent: ${subcomponent}\n`);
  if (architecture !== undefined) process.stderr.write(`In architecture: ${architecture}\n`);
  if (!isVerbose) return;
  const groups = [
    ['file with invalid attached data', attachedData],
    ['file added', added],
    ['file modified', modified],
    ['file missing', missing],
  ] as const;
  for (const [label, paths] of groups)
    for (const one of paths ?? []) process.stdout.write(`${label}: ${one}\n`);
}
