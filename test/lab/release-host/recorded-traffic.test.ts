import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { type ReleaseHost, startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { type GitHubAnswer, GitHubClient, textIn } from '../../support/github-client.ts';

/** One exchange with GitHub, as @octokit/fixtures recorded and normalized it. */
interface Recording {
  readonly scope: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
  readonly response: unknown;
  readonly reqheaders: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, string | number>>;
}

/** What GitHub's answers have got since 2017, by its schema of today. */
const NEWER = ['release.immutable', 'release.updated_at', 'asset.digest', 'problem.status'];

let host: ReleaseHost;
afterEach(() => host.close());

describe('the traffic that was recorded with GitHub itself', () => {
  it.each(['release-assets', 'release-assets-conflict'])('is answered alike: %s', async (scenario) => {
    const owner = `octokit-fixture-org/${scenario}`;
    host = await startReleaseHost({ repositories: [owner] });
    const github = new GitHubClient(host, owner);
    const release = await github.create({
      tag_name: 'v1.0.0',
      name: 'Version 1.0.0',
      body: 'Initial release',
      target_commitish: '0000000000000000000000000000000000000001',
    });
    const recordings = load(scenario);
    for (const [index, recording] of recordings.entries()) {
      // What the conflict is with came between the first two exchanges, and is not in the recording.
      if (scenario.endsWith('conflict') && index === 1) {
        const headers = { 'content-type': 'text/plain' };
        await github.upload(release, 'test-upload.txt', 'Hello, world!\n', { label: 'test', headers });
      }
      const answer = await replay(recording, owner, release.id);
      expect(answer.status).toBe(recording.status);
      const recorded = recording.response === '' ? null : recording.response;
      expect(keysOf(answer.document).filter((key) => !NEWER.includes(key))).toEqual(keysOf(recorded));
      expect(valuesOf(answer.document)).toEqual(valuesOf(recorded));
      for (const name of ['content-type', 'x-ratelimit-resource', 'x-github-media-type', 'cache-control']) {
        expect([name, answer.headers.get(name)]).toEqual([name, recording.headers[name] ?? null]);
      }
    }
    expect(recordings.length).toBeGreaterThan(4);
  });
});

/** Sends what was sent to GitHub. The recording's first release and its first asset both have the id 1000. */
function replay(recording: Recording, owner: string, releaseId: number): Promise<GitHubAnswer> {
  const { scope, method, path, body, reqheaders } = recording;
  const assetId = host.github.releases(owner)[0]?.assets[0]?.id;
  const url =
    (scope.includes('uploads') ? host.uploadOrigin : host.apiOrigin) +
    path
      .replace(/\/releases\/1000\b/, `/releases/${releaseId}`)
      .replace(/\/assets\/1000\b/, `/assets/${assetId}`);
  const headers = {
    accept: String(reqheaders['accept']),
    ...(reqheaders['content-type'] === undefined
      ? {}
      : { 'content-type': String(reqheaders['content-type']) }),
    authorization: `token ${host.token}`,
  };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const client = new GitHubClient(host, owner);
  return client.send(method.toUpperCase(), url, {
    token: null,
    headers,
    ...(text === '' ? {} : { body: text }),
  });
}

function load(scenario: string): readonly Recording[] {
  const path = `@octokit/fixtures/scenarios/api.github.com/${scenario}/normalized-fixture.json`;
  return JSON.parse(readFileSync(createRequire(import.meta.url).resolve(path), 'utf8'));
}

/** All keys, with the kind of document that each stands in. */
function keysOf(document: unknown): string[] {
  const keys = new Set<string>();
  walk(document, (kind, key) => keys.add(`${kind}.${key}`));
  return [...keys].toSorted();
}

/** What must be the same in every answer, apart from ids, dates, addresses and people. */
function valuesOf(document: unknown): string[] {
  const plain =
    /^(name|label|state|size|content_type|tag_name|draft|prerelease|body|message|code|field|resource)$/;
  const values: string[] = [];
  walk(document, (kind, key, value) => {
    if (plain.test(key)) values.push(`${kind}.${key}=${JSON.stringify(value)}`);
  });
  return values.toSorted();
}

function walk(document: unknown, visit: (kind: string, key: string, value: unknown) => void): void {
  if (Array.isArray(document)) {
    for (const item of document) walk(item, visit);
    return;
  }
  if (typeof document !== 'object' || document === null) return;
  const kind = kindOf(document);
  for (const [key, value] of Object.entries(document)) {
    visit(kind, key, value);
    walk(value, visit);
  }
}

function kindOf(document: object): string {
  if ('upload_url' in document) return 'release';
  if ('browser_download_url' in document) return 'asset';
  if ('login' in document) return 'user';
  if ('code' in document) return 'error';
  return 'message' in document ? 'problem' : textIn(document, 'kind');
}
