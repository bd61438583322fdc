import { createHash, randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import {
  type ReleaseHost,
  type ReleaseHostOptions,
  startReleaseHost,
} from '../../src/lab/release-host/release-host.ts';
import type { AssetName, AssetSource } from '../../src/release/asset.ts';
import type { GitHub } from '../../src/release/github/github.ts';
import { type GitHubOptions, openGitHub } from '../../src/release/github/open-github.ts';
import type { RunIdentity } from '../../src/release/publication/marker.ts';
import {
  type PublishRequest,
  publishRelease,
  type ReleaseOutcome,
} from '../../src/release/publication/publish-release.ts';
import type { ReleaseReporter } from '../../src/release/reporter.ts';
import { parseVersion } from '../../src/version.ts';
import { PRODUCTION } from './production.ts';

/** Milliseconds that stand for a second when the publisher waits. */
const SECOND = 2;

export interface RecordedReporter extends ReleaseReporter {
  /** All that was told, in words. */
  readonly lines: string[];
  readonly warnings: string[];
  readonly progressed: { readonly transferred: number; readonly total: number }[];
}

export interface PublishWorld {
  readonly host: ReleaseHost;
  readonly reporter: RecordedReporter;
  open(options?: Partial<GitHubOptions>): GitHub;
  /** Publishes as a run of its own. */
  publish(request?: Partial<PublishRequest>, options?: Partial<GitHubOptions>): Promise<ReleaseOutcome>;
  /** Methods and paths of the calls that may write, so far. */
  writes(): readonly string[];
}

/** A double of GitHub, and publishers that it knows; ends with the test. */
export async function openPublishWorld(options: ReleaseHostOptions = {}): Promise<PublishWorld> {
  const host = await startReleaseHost(options);
  onTestFinished(() => host.close());
  const reporter = recordReporter();
  const open = (more: Partial<GitHubOptions> = {}): GitHub => {
    const github = openGitHub({
      apiUrl: host.apiOrigin,
      token: host.token,
      owner: PRODUCTION,
      second: SECOND,
      ...more,
    });
    onTestFinished(() => github.close());
    return github;
  };
  return {
    host,
    reporter,
    open,
    publish: (request = {}, more = {}) =>
      publishRelease({
        github: open({ signal: request.signal, ...more }),
        version: parseVersion('2.0.0.46'),
        assets: makeInbox(),
        notes: 'Better than ever.\n',
        policy: policyOf(host),
        reporter,
        isDryRun: false,
        rereadPublished: true,
        ...request,
      }),
    writes: () =>
      host.log
        .filter(({ on, method }) => (on === 'api' || on === 'upload') && method !== 'GET')
        .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`),
  };
}

export function policyOf(host: Pick<ReleaseHost, 'origin'>): PublishRequest['policy'] {
  return { owner: PRODUCTION, downloadBase: host.origin, allowedHosts: [], allowLoopback: true };
}

/** What `test/support/publish-child.ts` and the tests put into an inbox: bytes that tell whose they are. */
export function makeInbox(
  label = 'good',
  names: readonly AssetName[] = ['Nexy.dmg', 'Nexy.pkg', 'LATEST_CHANGES.md'],
) {
  return names.map((name) => makeAsset(name, Buffer.from(`${name} ${label} `.repeat(2000))));
}

export function makeAsset(name: AssetName, content: Uint8Array): AssetSource {
  return {
    name,
    size: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
    contentType: name.endsWith('.md') ? 'text/markdown' : 'application/octet-stream',
    async *openStream() {
      for (let start = 0; start < content.byteLength; start += 8192)
        yield content.subarray(start, start + 8192);
    },
  };
}

export function makeIdentity(parts: Partial<RunIdentity> = {}): RunIdentity {
  return {
    runId: randomUUID(),
    host: 'build-machine',
    system: null,
    pid: process.pid,
    processStart: null,
    ci: null,
    ...parts,
  };
}

export function recordReporter(): RecordedReporter {
  const lines: string[] = [];
  const warnings: string[] = [];
  const progressed: { transferred: number; total: number }[] = [];
  return {
    lines,
    warnings,
    progressed,
    step: (_, text) => lines.push(text),
    warn: (text) => warnings.push(text),
    progress: ({ transferred, total }) => progressed.push({ transferred, total }),
  };
}
