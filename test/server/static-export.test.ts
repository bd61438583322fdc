import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../bench/server/find-program.ts';
import { type Nginx, startNginx } from '../../bench/server/nginx.ts';
import { fetchManifest } from '../../src/check/fetch-manifest.ts';
import { manifestText } from '../../src/lab/manifest-text.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { randomBody } from '../support/random-body.ts';
import { type RunningCli, runCli, startCli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const skipped = findProgram('nginx') === null ? ' (skipped: nginx is not installed)' : '';

const RELEASES = 'https://github.com/Seregawpn/Nexy_production/releases/download';
const BODY = randomBody(300_000);

const manifestOf = (version: string): string =>
  manifestText({ version, url: `${RELEASES}/v${version}/Nexy.dmg`, bytes: BODY });

const FILES: Readonly<Record<string, string | Buffer>> = {
  'manifests/manifest.json': manifestOf('2.0.0.46'),
  'manifests/manifest_beta.json': manifestOf('2.0.0.47'),
  'manifests/manifest_2.0.0.45.json': manifestOf('2.0.0.45'),
  'manifests/manifest_2.0.0.46.json': manifestOf('2.0.0.46'),
  'downloads/Nexy.dmg': BODY,
  'downloads/LATEST_CHANGES.md': '# 2.0.0.46\n\nFaster. Größer.\n',
};

/** As issue 5 lists them; `<version>` and `<file>` are those above. */
const ROUTES = [
  '/',
  '/manifest.json',
  '/manifest_beta.json',
  '/manifests/manifest_2.0.0.45.json',
  '/manifests/manifest_2.0.0.46.json',
  '/appcast.xml',
  '/appcast-beta.xml',
  '/downloads/Nexy.dmg',
  '/downloads/LATEST_CHANGES.md',
  '/health',
  '/api/versions',
  '/api/manifests',
  '/api/artifacts',
].flatMap((path) => [path, `/updates${path}`]);

const BETA = /beta/;
/** For the host and for the next export, not for clients. */
const HOST_FILES = ['/.nexy-export.json', '/.nojekyll', '/404.html', '/_headers'];

let folder = '';
let server: RunningCli;
let serverOrigin = '';
let nginx: Nginx;

/** What docs/SCALING.md tells people to put into their nginx. */
async function readAdvice(): Promise<string> {
  const document = await readFile(join(REPOSITORY, 'docs/SCALING.md'), 'utf8');
  const advice = /^```nginx\n(.*?)^```$/ms.exec(document)?.[1];
  if (advice === undefined) throw new Error('docs/SCALING.md has no example for nginx');
  return advice;
}

function sources(of: string): readonly string[] {
  return ['--manifests', join(of, 'manifests'), '--downloads', join(of, 'downloads')];
}

async function exportTo(out: string, ...options: readonly string[]): Promise<void> {
  const { status, stderr } = await runCli(['export', ...sources(folder), '--out', out, ...options], {
    program: 'nexy-update-server',
  });
  if (status !== 0) throw new Error(stderr);
}

async function ask(origin: string, path: string, options: RequestInit = {}) {
  const answer = await fetch(`${origin}${path}`, {
    redirect: 'manual',
    ...options,
    headers: { 'accept-encoding': 'identity', ...options.headers },
  });
  const body = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, body };
}

function askBoth(path: string, options: RequestInit = {}) {
  return Promise.all([ask(serverOrigin, path, options), ask(nginx.origin, path, options)]);
}

describe.skipIf(skipped !== '')(`the static export behind nginx${skipped}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(await realpath(tmpdir()), 'nexy-test-'));
    for (const name of ['manifests', 'downloads']) await mkdir(join(folder, name));
    for (const [name, content] of Object.entries(FILES)) await writeFile(join(folder, name), content);
    await exportTo(join(folder, 'site'));
    nginx = await startNginx({ root: join(folder, 'site'), server: await readAdvice() });
    server = startCli(['serve', ...sources(folder), '--port', '0'], { program: 'nexy-update-server' });
    if (server.child.stdout === null) throw new Error('no stdout');
    const [line] = await once(createInterface(server.child.stdout), 'line');
    serverOrigin = / at (http:\S+)\/$/.exec(line)?.[1] ?? '';
    await waitForDownloads();
  });

  afterAll(async () => {
    await nginx?.stop();
    server?.child.kill('SIGTERM');
    await server?.result;
    await rm(folder, { recursive: true, force: true });
  });

  /** Files in downloads are hashed before they are served; an export waits for that by itself. */
  async function waitForDownloads(): Promise<void> {
    for (;;) {
      const { body } = await ask(serverOrigin, '/health');
      if (JSON.parse(body.toString()).pendingDownloads.length === 0) return;
    }
  }

  it.each(ROUTES)('answers %s with the same bytes as the server', async (path) => {
    const [ours, theirs] = await askBoth(path);
    expect(ours.status).toBe(200);
    expect(theirs.status).toBe(200);
    expect(theirs.body.equals(ours.body)).toBe(true);
    expect(ours.body.byteLength).toBeGreaterThan(0);
  });

  it.each(ROUTES)('tells of %s what the server tells', async (path) => {
    const [ours, theirs] = await askBoth(path, { method: 'HEAD' });
    for (const name of ['content-type', 'content-length', 'cache-control']) {
      expect([name, theirs.headers.get(name)]).toEqual([name, ours.headers.get(name)]);
    }
    expect(theirs.body.byteLength).toBe(0);
  });

  it.each(ROUTES)('answers 304 for %s to who has it, with an entity tag of its own', async (path) => {
    for (const origin of [serverOrigin, nginx.origin]) {
      const etag = (await ask(origin, path)).headers.get('etag') ?? '';
      expect(etag).toMatch(/^"/);
      const again = await ask(origin, path, { headers: { 'if-none-match': etag } });
      expect([again.status, again.body.byteLength]).toEqual([304, 0]);
      const other = await ask(origin, path, { headers: { 'if-none-match': '"other"' } });
      expect(other.status).toBe(200);
    }
  });

  it('serves manifests and downloads as they lie in the folders', async () => {
    for (const [path, file] of [
      ['/manifest.json', 'manifests/manifest.json'],
      ['/updates/manifest_beta.json', 'manifests/manifest_beta.json'],
      ['/downloads/Nexy.dmg', 'downloads/Nexy.dmg'],
    ] as const) {
      const { body } = await ask(nginx.origin, path);
      expect(body.equals(Buffer.from(FILES[file] ?? ''))).toBe(true);
    }
  });

  it('gives the same part of a download', async () => {
    for (const range of ['bytes=0-99', 'bytes=100000-', 'bytes=-1', `bytes=${BODY.byteLength}-`]) {
      const [ours, theirs] = await askBoth('/downloads/Nexy.dmg', { headers: { range } });
      expect(theirs.status).toBe(ours.status);
      expect(theirs.headers.get('content-range')).toBe(ours.headers.get('content-range'));
      if (ours.status === 206) expect(theirs.body.equals(ours.body)).toBe(true);
    }
  });

  it('has no other files than these', async () => {
    const entries = await readdir(join(folder, 'site'), { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'site').length));
    const routes = ROUTES.map((path) => (path.endsWith('/') ? `${path}index.html` : path));
    expect(paths.toSorted()).toEqual([...routes, ...HOST_FILES].toSorted());
  });

  it.each([
    '/manifests/',
    '/downloads/',
    '/api/',
    '/nothing',
    '/manifest.json/',
    '/updates/updates/manifest.json',
  ])('finds nothing at %s, and lists no folder', async (path) => {
    const [ours, theirs] = await askBoth(path);
    expect([ours.status, theirs.status]).toEqual([404, 404]);
    expect(theirs.body.toString()).not.toContain('manifest_');
  });

  it('keeps to itself what is for the host and for the next export', async () => {
    for (const path of HOST_FILES.filter((each) => each !== '/404.html')) {
      expect((await ask(nginx.origin, path)).status).toBe(404);
    }
  });

  it('is what the client reads a manifest from, and hears that there is nothing new', async () => {
    const stateFolder = await temporaryFolder();
    const read = () =>
      fetchManifest({ url: `${nginx.origin}/manifest.json`, stateFolder, http: { allowLoopback: true } });
    const first = await read();
    expect(Buffer.from(first.bytes).toString()).toBe(FILES['manifests/manifest.json']);
    expect((await read()).notModified).toBe(true);
  });

  it('keeps the entity tags of what did not change, from one export to the next', async () => {
    const before = (await ask(nginx.origin, '/manifest.json')).headers.get('etag');
    await exportTo(join(folder, 'site'));
    expect((await ask(nginx.origin, '/manifest.json')).headers.get('etag')).toBe(before);
  });

  it('has nothing of the beta channel where beta is off', async () => {
    const root = join(folder, 'stable-only');
    await exportTo(root, '--no-beta');
    const stable = await startNginx({ root, server: await readAdvice() });
    try {
      for (const path of ROUTES) {
        expect([path, (await ask(stable.origin, path)).status]).toEqual([path, BETA.test(path) ? 404 : 200]);
      }
    } finally {
      await stable.stop();
    }
  });
});
