import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';

/** Tells one state of one file from every other: which file it is, its size, and when it was last touched. */
export type FileIdentity = string;

export interface OpenFile {
  readonly handle: FileHandle;
  readonly status: BigIntStats;
  readonly identity: FileIdentity;
}

/**
 * Opens a regular file for reading and nothing else: never through a link, which could lead out of the folder, and
 * without waiting for the writer of a pipe. The caller closes the handle.
 *
 * @throws Error of the system's; ELOOP where the last part of the path is a link
 */
export async function openFile(path: string): Promise<OpenFile> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = await handle.stat({ bigint: true });
    if (!status.isFile()) throw new NotRegularError();
    return { handle, status, identity: identify(status) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export function identify({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

class NotRegularError extends Error {
  readonly code = 'ENOTREG';
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'The server may not read it. Give its user the right to.',
  EPERM: 'The server may not read it. Give its user the right to.',
  ELOOP: 'It is a symbolic link, which the server does not follow. Put the file itself there.',
  EMLINK: 'It is a symbolic link, which the server does not follow. Put the file itself there.',
  ENOTREG: 'It is not a regular file.',
};

/** Why a file cannot be served, as a sentence; null where it is simply not there. */
export function describeOpenFailure(error: unknown): string | null {
  const code = systemErrorCode(error) ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  return REASONS[code] ?? `It could not be read (${code || 'unknown reason'}).`;
}
