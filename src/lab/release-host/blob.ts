import { createHash, type Hash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import type { Content } from './answer.ts';

/** The bytes behind an asset. */
export interface Blob {
  readonly id: string;
  readonly content: Content;
  readonly size: number;
  readonly etag: string;
  readonly modified: Date;
  /** 64 hex digits; made when first asked for, unless it is known. */
  readonly sha256: () => string;
  /** Called when nothing can reach the bytes any more. */
  readonly discard: () => void;
}

/** Content that a test or the demo publishes: bytes, or the path of a file that goes on belonging to the caller. */
export function describeContent(tag: string, file: string, content: Content): Blob {
  const hash = createHash('sha256').update(`${tag}/${file}/`);
  const stats = typeof content === 'string' ? statSync(content) : null;
  const size = stats?.size ?? content.length;
  if (typeof content === 'string') hash.update(`${content}/${size}/${stats?.mtimeMs}/${stats?.ino}`);
  else hash.update(content);
  const id = hash.digest('hex');
  let sha256: string | null = null;
  return {
    id,
    content,
    size,
    etag: etagOf(id),
    modified: stats?.mtime ?? new Date(0),
    sha256: () => {
      sha256 ??= digestOf(content);
      return sha256;
    },
    discard: () => {},
  };
}

/** What an upload left in a file of the host's own. */
export function describeUpload(
  path: string,
  { size, sha256, modified }: { readonly size: number; readonly sha256: string; readonly modified: Date },
): Blob {
  const id = randomBytes(32).toString('hex');
  return {
    id,
    content: path,
    size,
    etag: etagOf(id),
    modified,
    sha256: () => sha256,
    discard: () => rmSync(path, { force: true }),
  };
}

function etagOf(id: string): string {
  return `"0x${id.slice(0, 15).toUpperCase()}"`;
}

function digestOf(content: Content): string {
  const hash = createHash('sha256');
  if (typeof content === 'string') hashFile(content, hash);
  else hash.update(content);
  return hash.digest('hex');
}

function hashFile(path: string, hash: Hash): void {
  const file = openSync(path, 'r');
  try {
    const block = new Uint8Array(1024 * 1024);
    for (let read = readSync(file, block); read > 0; read = readSync(file, block)) {
      hash.update(block.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}
