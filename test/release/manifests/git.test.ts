import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GitFailure, hideSecrets, runGit } from '../../../src/release/manifests/git.ts';
import { openGitWorld } from '../../support/git-world.ts';

/** Sets a variable for the length of a test. */
function setVariable(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

describe('runGit', () => {
  it('works in the folder that it is given, wherever the environment points', async () => {
    const world = await openGitWorld();
    const { folder } = world.clone('mine');
    // As in a hook of another repository, from which a release may be started.
    setVariable('GIT_DIR', world.remote);
    setVariable('GIT_INDEX_FILE', '/nowhere/index');
    setVariable('GIT_EDITOR', 'false');
    setVariable('PAGER', 'false');
    expect(await runGit(['rev-parse', '--show-toplevel'], { folder })).toBe(folder);
    expect(await runGit(['status', '--porcelain'], { folder })).toBe('');
  });

  it('takes a command that fails without a word for a failure', async () => {
    const { folder } = (await openGitWorld()).clone('mine');
    await expect(runGit(['config', '--get', 'no.such'], { folder })).rejects.toThrow('status 1');
    await expect(runGit(['config', '--get', 'no.such'], { folder })).rejects.toBeInstanceOf(GitFailure);
  });

  it('asks nobody for a password, and shows none', async () => {
    const { folder, git } = (await openGitWorld()).clone('mine');
    const server = createServer((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    git('remote', 'set-url', 'origin', `http://bot:s3cret@127.0.0.1:${port}/updates.git`);
    const failure = await runGit(['fetch', 'origin'], { folder }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GitFailure);
    expect(String(failure)).toContain(`http://127.0.0.1:${port}/updates.git`);
    expect(String(failure)).not.toContain('s3cret');
    // With a name alone it would be asked for.
    git('remote', 'set-url', 'origin', `http://bot@127.0.0.1:${port}/updates.git`);
    await expect(runGit(['fetch', 'origin'], { folder })).rejects.toBeInstanceOf(GitFailure);
  });

  it('can be cancelled', async () => {
    const { folder } = (await openGitWorld()).clone('mine');
    await expect(runGit(['status'], { folder, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('hideSecrets', () => {
  it.each([
    ['https://x-access-token:ghs_abc@github.com/o/r.git', 'https://github.com/o/r.git'],
    ['https://ghp_abc@github.com/o/r', 'https://github.com/o/r'],
    ['https://a:b@c@github.com/o/r', 'https://github.com/o/r'],
    ['ssh://git@github.com/o/r', 'ssh://github.com/o/r'],
    ['https://github.com/o/r: by a@b.example', 'https://github.com/o/r: by a@b.example'],
    ['git@github.com:o/r.git', 'git@github.com:o/r.git'],
  ])('%s', (text, shown) => {
    expect(hideSecrets(`fatal: unable to access '${text}'`)).toBe(`fatal: unable to access '${shown}'`);
  });

  it('shows no password of an address, whatever is around it', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/);
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (token, before, after) => {
        const shown = hideSecrets(`${before} https://bot:secret-${token}@example.org/r.git ${after}`);
        expect(shown).not.toContain(`secret-${token}`);
      }),
    );
  });
});
