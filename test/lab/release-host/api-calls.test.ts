import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiCall } from '../../../src/lab/release-host/calls.ts';
import { type ReleaseHost, startReleaseHost } from '../../../src/lab/release-host/release-host.ts';
import { GitHubClient } from '../../support/github-client.ts';

let host: ReleaseHost;
let github: GitHubClient;

beforeEach(async () => {
  host = await startReleaseHost();
  github = new GitHubClient(host);
});
afterEach(() => host.close());

describe('who listens to the calls', () => {
  it('is told of each effect before the answer, and of the answer when it has left', async () => {
    const told: string[] = [];
    const end = host.github.onApiCall(({ number, method, status, when }) => {
      told.push(`${number} ${method} ${status} ${when}`);
    });
    const draft = await github.draft('v1');
    await github.upload(draft, 'Nexy.dmg', 'bytes');
    await github.upload(draft, 'Nexy.dmg', 'bytes');
    await github.call('GET', '/releases/tags/v1');
    await github.call('DELETE', `/releases/${draft.id}`);
    end();
    await github.draft('v2');
    expect(told).toEqual([
      '1 POST 201 effect',
      '1 POST 201 answered',
      '2 POST 201 effect',
      '2 POST 201 answered',
      '3 POST 422 answered',
      '4 GET 404 answered',
      '5 DELETE 204 effect',
      '5 DELETE 204 answered',
    ]);
  });

  it('can kill a caller between the effect and its answer', async () => {
    const url = `${host.apiOrigin}/repos/Seregawpn/Nexy_production/releases`;
    const script = `
      const answer = await fetch(${JSON.stringify(url)}, {
        method: 'POST',
        headers: { authorization: 'Bearer ' + process.env.TOKEN },
        body: JSON.stringify({ tag_name: 'v1', draft: true }),
      });
      console.log(answer.status);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, TOKEN: host.token },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const calls: ApiCall[] = [];
    host.github.onApiCall((call) => {
      calls.push(call);
      if (call.when === 'effect') child.kill('SIGKILL');
    });
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
    expect(output).toBe('');
    expect(calls[0]).toEqual({
      number: 1,
      method: 'POST',
      path: '/repos/Seregawpn/Nexy_production/releases',
      status: 201,
      when: 'effect',
    });
    expect(host.github.releases()).toMatchObject([{ tag: 'v1', isDraft: true }]);
  });
});

describe('what the host serves and what its API knows', () => {
  it('is the same, whoever put it there', async () => {
    const url = host.publish('Update', 'Nexy.dmg', Buffer.from('old'));
    const { document } = await github.call('GET', '/releases/tags/Update');
    expect(document).toMatchObject({
      draft: false,
      assets: [{ name: 'Nexy.dmg', state: 'uploaded', size: 3, browser_download_url: url }],
    });
    const release = host.github.releases()[0];
    host.replace('Update', 'Nexy.dmg', Buffer.from('newer'));
    expect(host.github.releases()[0]).toMatchObject({ id: release?.id, assets: [{ size: 5 }] });
    await github.call('DELETE', `/releases/assets/${host.github.releases()[0]?.assets[0]?.id}`);
    expect((await fetch(url)).status).toBe(404);
    host.publish('Update', 'Nexy.pkg', Buffer.from('pkg'));
    host.withdraw('Update', 'Nexy.pkg');
    expect(host.github.releases()).toMatchObject([{ tag: 'Update', assets: [] }]);
  });

  it('is apart for each repository', async () => {
    host.publish('v1', 'Nexy.dmg', Buffer.from('bytes'), 'Other/Repository');
    const other = new GitHubClient(host, 'other/repository');
    const { document } = await other.call('GET', '');
    expect(document).toMatchObject({ full_name: 'Other/Repository', name: 'Repository' });
    expect((await other.call('GET', '/releases/tags/v1')).status).toBe(200);
    expect((await github.call('GET', '/releases/tags/v1')).status).toBe(404);
    expect(host.github.releases('other/repository')).toHaveLength(1);
    expect(host.github.releases()).toEqual([]);
  });
});
