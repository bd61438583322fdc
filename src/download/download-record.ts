import { readFile } from 'node:fs/promises';
import { writeDurably } from '../durable.ts';
import type { PendingPaths } from './pending-folder.ts';

/** What must be known about a partial file before its first byte, so that a crash can be resumed from. */
export interface DownloadRecord {
  /** The candidate's own address, never the signed one behind its redirect. */
  readonly url: string;
  /** A strong ETag, or null: then nothing can be resumed. */
  readonly etag: string | null;
  readonly size: number;
  readonly sha256: string;
}

/** Bytes that an address served under this ETag and that had another sha256. */
export interface RefusedAnswer {
  readonly url: string;
  readonly etag: string;
}

const MAXIMUM_REFUSED = 16;

export async function readRecord(paths: PendingPaths): Promise<DownloadRecord | null> {
  const value = await readJson(paths.record);
  if (!isObject(value)) return null;
  const { url, etag, size, sha256 } = value;
  if (typeof url !== 'string' || typeof size !== 'number' || typeof sha256 !== 'string') return null;
  if (etag !== null && typeof etag !== 'string') return null;
  return { url, etag, size, sha256 };
}

export async function writeRecord(paths: PendingPaths, record: DownloadRecord): Promise<void> {
  await writeDurably(paths.record, JSON.stringify(record));
}

export async function readRefused(paths: PendingPaths): Promise<readonly RefusedAnswer[]> {
  const value = await readJson(paths.refused);
  return Array.isArray(value) ? value.filter(isRefusedAnswer) : [];
}

export async function addRefused(paths: PendingPaths, answer: RefusedAnswer): Promise<void> {
  const known = await readRefused(paths);
  const kept = [...known, answer].slice(-MAXIMUM_REFUSED);
  await writeDurably(paths.refused, JSON.stringify(kept));
}

function isRefusedAnswer(value: unknown): value is RefusedAnswer {
  if (!isObject(value)) return false;
  const { url, etag } = value;
  return typeof url === 'string' && typeof etag === 'string';
}

interface LooseRecord {
  readonly url?: unknown;
  readonly etag?: unknown;
  readonly size?: unknown;
  readonly sha256?: unknown;
}

function isObject(value: unknown): value is LooseRecord {
  return typeof value === 'object' && value !== null;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    // Absent or torn: the partial file is then worth nothing, which is safe.
    return null;
  }
}
