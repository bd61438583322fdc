import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostedRelease } from '../../src/lab/release-host/hosted-release.ts';
import type { ReleaseHost } from '../../src/lab/release-host/release-host.ts';
import type { AssetName } from '../../src/release/asset.ts';
import { PRODUCTION } from './production.ts';
import type { PublishOrder, PublishReport } from './publish-child.ts';

const CHILD = fileURLToPath(new URL('publish-child.ts', import.meta.url));

export const NAMES: readonly AssetName[] = ['Nexy.dmg', 'Nexy.pkg', 'LATEST_CHANGES.md'];

export interface PublisherProcess {
  readonly child: ChildProcess;
  /** Null for one that was killed. */
  readonly report: Promise<PublishReport | null>;
}

/**
 * Starts a publisher as a process of its own, with its identity.
 *
 * @param program another form of publish-child.ts
 */
export function startPublisher(
  host: ReleaseHost,
  order: Pick<PublishOrder, 'version' | 'inbox'> & Partial<PublishOrder>,
  program = CHILD,
): PublisherProcess {
  const whole: PublishOrder = {
    apiUrl: host.apiOrigin,
    downloadUrl: host.origin,
    token: host.token,
    owner: PRODUCTION,
    names: NAMES,
    second: 20,
    ...order,
  };
  const child = spawn(process.execPath, [program, JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const report = new Promise<PublishReport | null>((fulfil, reject) => {
    let printed = '';
    let complaints = '';
    child.stdout.on('data', (text: Buffer) => {
      printed += text;
    });
    child.stderr.on('data', (text: Buffer) => {
      complaints += text;
    });
    child.on('error', reject);
    child.on('close', (_, signal) => {
      if (signal === 'SIGKILL') return fulfil(null);
      try {
        fulfil(JSON.parse(printed));
      } catch {
        reject(new Error(`The publisher said: ${printed}${complaints}`));
      }
    });
  });
  return { child, report };
}

/** A folder with three small files whose bytes tell whose they are. */
export function writeInbox(folder: string, label: string): string {
  const inbox = join(folder, label);
  mkdirSync(inbox, { recursive: true });
  for (const name of NAMES) writeFileSync(join(inbox, name), `${name} of ${label}\n`.repeat(500));
  return inbox;
}

/** Which label's files a release holds, all of them and nothing else; null for any other content. */
export function labelOf(release: HostedRelease, labels: readonly string[]): string | null {
  const digestOf = (name: string, label: string): string =>
    createHash('sha256').update(`${name} of ${label}\n`.repeat(500)).digest('hex');
  const found = new Map(release.assets.map(({ name, state, sha256 }) => [name, `${state} ${sha256}`]));
  const isWhole = (label: string): boolean =>
    release.assets.length === NAMES.length &&
    NAMES.every((name) => found.get(name) === `uploaded ${digestOf(name, label)}`);
  return labels.find(isWhole) ?? null;
}
