import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asUpdateError } from '../../src/errors.ts';
import { type AssetName, type AssetSource, contentTypeOf } from '../../src/release/asset.ts';
import { openGitHub } from '../../src/release/github/open-github.ts';
import { PinnedFile } from '../../src/release/inbox/pinned-file.ts';
import { publishRelease } from '../../src/release/publication/publish-release.ts';
import { readRunIdentity } from '../../src/release/publication/run-identity.ts';
import { parseVersion } from '../../src/version.ts';

/** What a publisher in a process of its own is told: node publish-child.ts <this as JSON>. */
export interface PublishOrder {
  readonly apiUrl: string;
  readonly downloadUrl: string;
  readonly token: string;
  readonly owner: string;
  readonly version: string;
  /** Holds the files to publish. */
  readonly inbox: string;
  readonly names: readonly AssetName[];
  /** Another host name than this machine's. */
  readonly host?: string;
  /** Milliseconds that stand for a second when it waits. */
  readonly second: number;
}

/** What it prints, in one line. */
export type PublishReport =
  | { readonly result: string; readonly writes: number; readonly peakBytes: number }
  | { readonly code: string; readonly message: string };

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(process.argv[2] ?? '')))}\n`);
}

async function run(order: PublishOrder): Promise<PublishReport> {
  const { apiUrl, downloadUrl, token, owner, version, inbox, names, second } = order;
  const github = openGitHub({ apiUrl, token, owner, second });
  const identity = readRunIdentity();
  try {
    const { result } = await publishRelease({
      github,
      version: parseVersion(version),
      assets: await Promise.all(names.map((name) => openAsset(join(inbox, name), name))),
      notes: await readFile(join(inbox, 'LATEST_CHANGES.md'), 'utf8'),
      policy: { owner, downloadBase: downloadUrl, allowedHosts: [], allowLoopback: true },
      reporter: { step: () => undefined, warn: () => undefined, progress: () => undefined },
      isDryRun: false,
      rereadPublished: true,
      identity: { ...identity, host: order.host ?? identity.host },
    });
    return { result, writes: github.writes, peakBytes: await readPeak() };
  } catch (error) {
    const { code, message } = asUpdateError(error);
    return { code, message };
  } finally {
    await github.close();
  }
}

async function openAsset(path: string, name: AssetName): Promise<AssetSource> {
  const file = await PinnedFile.open(path);
  if (file === null) throw new Error(`There is no ${path}.`);
  const sha256 = await file.hash(() => undefined);
  return { name, size: file.size, sha256, contentType: contentTypeOf(name), openStream: () => file.stream() };
}

/** The most memory that this process ever held (VmHWM, proc(5)); 0 where the system does not tell. */
async function readPeak(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
