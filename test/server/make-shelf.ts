import { createHash } from 'node:crypto';
import { type Catalog, EMPTY_CATALOG, updateCatalog } from '../../src/server/catalog.ts';
import type { DownloadFile, Shelf } from '../../src/server/shelf.ts';
import { OWNER } from '../support/server-world.ts';

const POLICY = {
  owner: OWNER,
  downloadBase: 'https://github.com',
  allowedHosts: ['updates.example.com'],
  allowLoopback: false,
};

/** What a folder of these files offers. */
export function catalogOf(files: Readonly<Record<string, string>>): Catalog {
  return updateCatalog(
    EMPTY_CATALOG,
    Object.entries(files).map(([name, text]) => ({
      name,
      bytes: Buffer.from(text),
      problem: null,
      modified: null,
    })),
    { policy: POLICY, isBetaOffered: true },
  );
}

export function download(name: string, text: string): DownloadFile {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { name, size: Buffer.byteLength(text), sha256, modified: new Date(0) };
}

export function shelfOf(
  files: Readonly<Record<string, string>>,
  downloads: readonly DownloadFile[] = [],
): Shelf {
  return { catalog: catalogOf(files), downloads, folderProblems: [] };
}
