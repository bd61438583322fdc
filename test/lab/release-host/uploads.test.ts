import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ReleaseHost, startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { GitHubClient, numberIn, textIn } from '../../support/github-client.ts';
import { randomBody } from '../../support/random-body.ts';

let host: ReleaseHost;
let github: GitHubClient;
let draft: { id: number; uploadUrl: string };
/** Where the host keeps uploads: below the system's folder for temporary files. */
let uploadsBelow = '';

beforeEach(async () => {
  uploadsBelow = await mkdtemp(join(tmpdir(), 'nexy-test-'));
  vi.stubEnv('TMPDIR', uploadsBelow);
  host = await startReleaseHost();
  github = new GitHubClient(host);
  draft = await github.draft('v1');
});
afterEach(async () => {
  await host.close();
  vi.unstubAllEnvs();
  await rm(uploadsBelow, { recursive: true });
});

const names = () => host.github.releases()[0]?.assets.map(({ name }) => name);

describe('an upload', () => {
  it('goes to the address that the release names, and makes an asset with size and digest', async () => {
    expect(draft.uploadUrl).toBe(
      `${host.uploadOrigin}/repos/Seregawpn/Nexy_production/releases/${draft.id}/assets{?name,label}`,
    );
    const body = randomBody(300_000);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const headers = { 'content-type': 'application/x-apple-diskimage' };
    const { status, document } = await github.upload(draft, 'Nexy.dmg', body, { label: 'Image', headers });
    expect(status).toBe(201);
    expect(document).toMatchObject({
      name: 'Nexy.dmg',
      label: 'Image',
      state: 'uploaded',
      size: 300_000,
      content_type: 'application/x-apple-diskimage',
      digest: `sha256:${sha256}`,
    });
    const listed = await github.call('GET', `/releases/${draft.id}/assets`);
    expect(listed.document).toEqual([document]);
    expect(host.github.releases()[0]?.assets).toMatchObject([{ state: 'uploaded', size: 300_000, sha256 }]);
    expect(host.log.find(({ on }) => on === 'upload')).toMatchObject({ received: 300_000, status: 201 });
  });

  it('can be fetched back through the API before the release is published, with the token', async () => {
    const uploaded = await github.upload(draft, 'Nexy.dmg', 'bytes');
    const path = `/releases/assets/${numberIn(uploaded.document, 'id')}`;
    const headers = { accept: 'application/octet-stream' };
    expect((await github.call('GET', path, { headers, token: null })).status).toBe(404);
    const redirect = await github.call('GET', path, { headers });
    expect(redirect.status).toBe(302);
    const location = redirect.headers.get('location') ?? '';
    expect(new URL(location).origin).toBe(host.assetOrigin);
    expect(await (await fetch(location)).text()).toBe('bytes');
    expect((await fetch(location, { headers: { authorization: 'Bearer x' } })).status).toBe(400);
  });

  it('is refused under a name that is taken, with GitHub’s words', async () => {
    await github.upload(draft, 'Nexy.dmg', 'bytes');
    const { status, document } = await github.upload(draft, 'Nexy.dmg', 'other');
    expect(status).toBe(422);
    expect(document).toEqual({
      message: 'Validation Failed',
      request_id: expect.any(String),
      documentation_url: 'https://docs.github.com/rest',
      errors: [{ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }],
    });
    expect((await github.upload(await github.draft('v1'), 'Nexy.dmg', 'other')).status).toBe(201);
  });

  it('takes one of many of the same name at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, number) => github.upload(draft, 'Nexy.dmg', `bytes ${number}`)),
    );
    const won = answers.findIndex(({ status }) => status === 201);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(422)]);
    const sha256 = createHash('sha256').update(`bytes ${won}`).digest('hex');
    expect(host.github.releases()[0]?.assets).toMatchObject([{ sha256 }]);
  });

  it('gets a name of letters, digits, full stops, dashes and underscores', async () => {
    const given: Record<string, string> = {
      'Nexy 2.0 (beta).dmg': 'Nexy.2.0.beta.dmg',
      'Nexy_2-0~1.pkg': 'Nexy_2-0.1.pkg',
      'Näxy.dmg': 'N.xy.dmg',
      '.hidden': 'default.hidden',
      'Nexy.dmg.': 'Nexy.dmg',
    };
    for (const [name, expected] of Object.entries(given)) {
      const { document } = await github.upload(draft, name, 'bytes');
      expect(textIn(document, 'name')).toBe(expected);
    }
  });

  it('is refused when it is empty, without a length, a name or a type', async () => {
    const empty = await github.upload(draft, 'Nexy.dmg', '');
    expect([empty.status, empty.document]).toMatchObject([
      422,
      { errors: [{ field: 'size', message: 'size must be greater than or equal to 1' }] },
    ]);
    expect((await github.upload(draft, '', 'bytes')).status).toBe(422);
    const url = `${draft.uploadUrl.replace(/\{.*/, '')}?name=Nexy.dmg`;
    expect((await github.send('POST', url, { body: 'bytes' })).status).toBe(422);
    const chunked = await statusOf(openUpload({ 'transfer-encoding': 'chunked' }, 'Nexy.dmg').end('bytes'));
    expect(chunked).toBe(400);
    expect(await statusOf(openUpload({ 'content-length': 2 ** 31 }, 'Nexy.dmg'))).toBe(422);
    expect(names()).toEqual([]);
  });

  it('is refused where there is no such release', async () => {
    const nowhere = { uploadUrl: draft.uploadUrl.replace(String(draft.id), '99') };
    expect((await github.upload(nowhere, 'Nexy.dmg', 'bytes')).status).toBe(404);
  });
});

describe('a broken upload', () => {
  it('is there as `starter`, with the size it announced, while it goes on and after it broke', async () => {
    const upload = openUpload({ 'content-length': 1000 }, 'Nexy.dmg');
    upload.write('x'.repeat(400));
    await vi.waitFor(() => expect(host.log.at(-1)?.received).toBe(400));
    const starter = { name: 'Nexy.dmg', state: 'starter', size: 1000, digest: null };
    expect((await github.call('GET', `/releases/${draft.id}/assets`)).document).toMatchObject([starter]);
    upload.destroy();
    await vi.waitFor(async () => expect(await uploadFiles()).toEqual([]));
    const { document } = await github.call('GET', `/releases/${draft.id}`);
    expect(document).toMatchObject({ assets: [starter] });
    expect(host.github.releases()[0]?.assets).toMatchObject([{ state: 'starter', sha256: null }]);
  });

  it('holds its name until it is deleted, and has no bytes', async () => {
    host.fault({ on: 'upload', times: 1, fault: { kind: 'reset', after: 100_000 } });
    await expect(github.upload(draft, 'Nexy.dmg', randomBody(500_000))).rejects.toThrow();
    const id = host.github.releases()[0]?.assets[0]?.id;
    const headers = { accept: 'application/octet-stream' };
    expect((await github.call('GET', `/releases/assets/${id}`, { headers })).status).toBe(404);
    expect((await github.upload(draft, 'Nexy.dmg', 'bytes')).status).toBe(422);
    expect((await github.call('DELETE', `/releases/assets/${id}`)).status).toBe(204);
    expect((await github.upload(draft, 'Nexy.dmg', 'bytes')).status).toBe(201);
  });

  it('is not found any more when its draft was deleted meanwhile', async () => {
    const upload = openUpload({ 'content-length': 1000 }, 'Nexy.dmg');
    upload.write('x'.repeat(400));
    await vi.waitFor(() => expect(host.log.at(-1)?.received).toBe(400));
    await github.call('DELETE', `/releases/${draft.id}`);
    expect(await statusOf(upload.end('x'.repeat(600)))).toBe(404);
    expect(host.github.releases()).toEqual([]);
  });
});

describe('over https', () => {
  it('is the same, with addresses that say so', async () => {
    const tls = await makeCertificate();
    const secure = await startReleaseHost({ tls });
    try {
      const send = (url: string, body: string, type: string) => {
        const headers = { authorization: `Bearer ${secure.token}`, 'content-type': type };
        const own = secureRequest(url, { method: 'POST', ca: tls.cert, headers });
        own.end(body);
        return statusOf(own);
      };
      const releases = `${secure.apiOrigin}/repos/Seregawpn/Nexy_production/releases`;
      expect(await send(releases, '{"tag_name":"v1","draft":true}', 'application/json')).toBe(201);
      const upload = `${secure.uploadOrigin}/repos/Seregawpn/Nexy_production/releases/${secure.github.releases()[0]?.id}/assets`;
      expect(await send(`${upload}?name=a`, 'bytes', 'text/plain')).toBe(201);
      secure.fault({ on: 'upload', fault: { kind: 'reset', after: 2 } });
      await expect(send(`${upload}?name=b`, 'bytes', 'text/plain')).rejects.toThrow();
      const states = secure.github.releases()[0]?.assets.map(({ state }) => state);
      expect([secure.uploadOrigin.slice(0, 8), states]).toEqual(['https://', ['uploaded', 'starter']]);
    } finally {
      await secure.close();
    }
  });
});

describe('an asset', () => {
  it('is renamed and labelled, and its public address follows', async () => {
    const { document } = await github.upload(draft, 'Nexy.dmg.new', 'bytes');
    await github.upload(draft, 'Nexy.pkg', 'other');
    await github.publish(draft);
    const path = `/releases/assets/${numberIn(document, 'id')}`;
    const renamed = await github.call('PATCH', path, { body: { name: 'Nexy.dmg', label: 'Image' } });
    expect([renamed.status, renamed.document]).toMatchObject([200, { name: 'Nexy.dmg', label: 'Image' }]);
    const base = `${host.origin}/Seregawpn/Nexy_production/releases/download/v1`;
    expect(await (await fetch(`${base}/Nexy.dmg`)).text()).toBe('bytes');
    expect((await fetch(`${base}/Nexy.dmg.new`)).status).toBe(404);
    const taken = await github.call('PATCH', path, { body: { name: 'nexy.pkg' } });
    expect(taken.document).toMatchObject({ errors: [{ code: 'already_exists', field: 'name' }] });
    expect(names()).toEqual(['Nexy.dmg', 'Nexy.pkg']);
  });

  it('goes with its bytes when it is deleted', async () => {
    const { document } = await github.upload(draft, 'Nexy.dmg', 'bytes');
    expect(await uploadFiles()).toHaveLength(1);
    await github.call('DELETE', `/releases/assets/${numberIn(document, 'id')}`);
    expect([names(), await uploadFiles()]).toEqual([[], []]);
  });

  it('is listed in pages', async () => {
    for (let number = 0; number < 5; number += 1) await github.upload(draft, `file-${number}`, 'bytes');
    const page = await github.call('GET', `/releases/${draft.id}/assets?per_page=2&page=3`);
    expect(page.document).toMatchObject([{ name: 'file-4' }]);
    expect(page.headers.get('link')).toContain('rel="prev"');
  });
});

describe('the files of uploads', () => {
  it('lie in a folder of the host’s own, which goes with it', async () => {
    await github.upload(draft, 'Nexy.dmg', 'bytes');
    expect(await uploadFiles()).toHaveLength(1);
    await host.close();
    expect(await uploadFiles()).toEqual([]);
  });
});

async function uploadFiles(): Promise<string[]> {
  const entries = await readdir(uploadsBelow, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

function openUpload(headers: Record<string, string | number>, name: string): ClientRequest {
  const url = `${draft.uploadUrl.replace(/\{.*/, '')}?name=${name}`;
  const authorization = `Bearer ${host.token}`;
  const upload = request(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/octet-stream', ...headers },
  });
  upload.on('error', () => {});
  upload.flushHeaders();
  return upload;
}

function statusOf(upload: ClientRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    upload.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      upload.destroy();
    });
    upload.on('error', reject);
  });
}
