import { spawnSync } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { VerifiedFile } from '../../src/download/verified-file.ts';
import { tryFileLock } from '../../src/file-lock.ts';
import type { FaultKind } from '../../src/lab/release-host/fault.ts';
import type { Candidate } from '../../src/manifest/candidate.ts';
import { makeCertificate } from '../support/certificate.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { IMPATIENT, startDownloadWorld } from '../support/download-world.ts';
import { startServer } from '../support/http-server.ts';
import { randomBody, sha256Of } from '../support/random-body.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('a download without trouble', () => {
  it('gives a verified file, its progress, and where it came from', async () => {
    const world = await startDownloadWorld({ size: 3_000_000 });
    const progress: number[] = [];
    const candidates: Candidate[] = [];
    const result = await world.download({
      onProgress: ({ transferred, total }) => {
        expect(total).toBe(3_000_000);
        progress.push(transferred);
      },
      onCandidate: (candidate) => candidates.push(candidate),
    });
    expect(result).toMatchObject({ bytesDownloaded: 3_000_000, resumedFrom: 0, fromCache: false });
    expect(result.candidate).toEqual(world.candidate);
    expect(result.file).toBeInstanceOf(VerifiedFile);
    expect(result.file).toMatchObject({ size: 3_000_000, sha256: world.sha256 });
    expect(result.file.path).toBe(join(world.cacheFolder, 'pending', `${world.sha256}.dmg`));
    expect((await readFile(result.file.path)).equals(world.body)).toBe(true);
    await result.file.assertUnchanged();
    expect(progress.at(-1)).toBe(3_000_000);
    expect(candidates).toEqual([world.candidate]);
    expect(world.host.log.map(({ on, status }) => `${on} ${status}`)).toEqual(['release 302', 'asset 200']);
    expect(await world.pending()).toEqual(['dmg', 'json']);
  });

  it('works over TLS with an authority of its own', async () => {
    const tls = await makeCertificate();
    const world = await startDownloadWorld({ tls, size: 2_000_000 });
    const http = { allowLoopback: true, certificateAuthority: tls.cert };
    const { file } = await world.download({ http });
    expect((await readFile(file.path)).equals(world.body)).toBe(true);
    const stranger = await startDownloadWorld({ tls });
    expect(await stranger.fail()).toMatchObject({ code: 'download-failed', message: /certificate/ });
    expect(stranger.waits).toEqual([]);
  });

  it('takes a single byte, and sizes around its windows', async () => {
    for (const size of [1, 65_535, 65_536, 65_537, 196_608, 262_145]) {
      const world = await startDownloadWorld({ size });
      const { file } = await world.download();
      expect((await readFile(file.path)).equals(world.body)).toBe(true);
    }
  });

  it('keeps the folder to itself and lets go of the lock', async () => {
    const world = await startDownloadWorld();
    await mkdir(join(world.cacheFolder, 'pending'), { mode: 0o755 });
    const { file } = await world.download();
    expect((await lstat(join(world.cacheFolder, 'pending'))).mode & 0o777).toBe(0o700);
    expect((await lstat(file.path)).mode & 0o777).toBe(0o600);
    expect(await world.pending()).not.toContain('lock');
  });

  it('rejects with what a listener throws, and keeps what has come', async () => {
    const world = await startDownloadWorld();
    world.host.fault({ fault: { kind: 'trickle', bytesPerSecond: 2_000_000 } });
    const failing = world.download({
      onProgress: () => {
        throw new RangeError('from the listener');
      },
    });
    await expect(failing).rejects.toThrow('from the listener');
    expect(await world.pending()).toEqual(['json', 'part']);
  });

  it('goes through the proxy of the environment, cut and resumed', async () => {
    const tls = await makeCertificate();
    const body = randomBody(2_000_000);
    const ranges: (string | undefined)[] = [];
    const server = await startServer((request, response) => {
      const { range } = request.headers;
      ranges.push(range);
      const start = Number(/\d+/.exec(range ?? '0')?.[0]);
      response.writeHead(range === undefined ? 200 : 206, {
        etag: '"a"',
        'content-length': body.byteLength - start,
        'content-range': `bytes ${start}-${body.byteLength - 1}/${body.byteLength}`,
      });
      if (range !== undefined) return response.end(body.subarray(start));
      return response.write(body.subarray(0, 1_500_000), () => request.socket.destroySoon());
    }, tls);
    const proxy = await startConnectProxy(server.origin);
    onTestFinished(async () => {
      await proxy.close();
      await server.close();
      vi.unstubAllEnvs();
    });
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', '');
    const world = await startDownloadWorld();
    const { file } = await world.download({
      candidates: [{ url: 'https://release.test/Nexy.dmg', kind: 'direct' }],
      size: body.byteLength,
      sha256: sha256Of(body),
      http: { allowLoopback: false, certificateAuthority: tls.cert },
    });
    expect((await readFile(file.path)).equals(body)).toBe(true);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
    expect(proxy.tunnels).toEqual(['release.test:443', 'release.test:443']);
  });

  it('sends what was asked for, to the release address only', async () => {
    const world = await startDownloadWorld();
    await world.download({
      http: { allowLoopback: true, requestHeaders: { authorization: 'token secret', 'x-own': 'secret' } },
    });
    const [release, asset] = world.host.log;
    expect(release?.headers).toMatchObject({ authorization: 'token secret', 'accept-encoding': 'identity' });
    expect(JSON.stringify(asset?.headers)).not.toContain('secret');
  });
});

describe('the cache', () => {
  it('gives a file again after hashing it, without a request', async () => {
    const world = await startDownloadWorld();
    await world.download();
    const requests = world.host.log.length;
    const progress: number[] = [];
    const again = await world.download({ onProgress: ({ transferred }) => progress.push(transferred) });
    expect(again).toMatchObject({ fromCache: true, bytesDownloaded: 0, candidate: world.candidate });
    expect(world.host.log).toHaveLength(requests);
    expect(progress).toEqual([1_000_000]);
    await again.file.assertUnchanged();
  });

  it('fetches a file again that was changed on disk, even with its old times', async () => {
    const world = await startDownloadWorld();
    const { file } = await world.download();
    const { atime, mtime } = await lstat(file.path);
    const bytes = Buffer.from(world.body);
    bytes[500_000] = (bytes[500_000] ?? 0) ^ 1;
    await writeFile(file.path, bytes);
    await utimes(file.path, atime, mtime);
    await expect(file.assertUnchanged()).rejects.toMatchObject({ code: 'sha256-mismatch' });
    const again = await world.download();
    expect(again.fromCache).toBe(false);
    expect((await readFile(again.file.path)).equals(world.body)).toBe(true);
  });

  it('follows no link, neither for the file nor for the folder', async () => {
    const world = await startDownloadWorld();
    const elsewhere = await temporaryFolder();
    const outside = join(elsewhere, 'outside');
    await writeFile(outside, world.body);
    await mkdir(join(world.cacheFolder, 'pending'), { mode: 0o700 });
    const at = (name: string): string => join(world.cacheFolder, 'pending', `${world.sha256}.${name}`);
    await symlink(outside, at('dmg'));
    await symlink(outside, at('part'));
    const { file, fromCache } = await world.download();
    expect(fromCache).toBe(false);
    expect((await lstat(file.path)).isFile()).toBe(true);
    expect((await readFile(outside)).equals(world.body)).toBe(true);

    const linked = await startDownloadWorld();
    await symlink(elsewhere, join(linked.cacheFolder, 'pending'));
    expect(await linked.fail()).toMatchObject({ code: 'download-failed', message: /links are not followed/ });
    expect(linked.host.log).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('is not stopped by a named pipe in its way', async () => {
    const world = await startDownloadWorld();
    await mkdir(join(world.cacheFolder, 'pending'), { mode: 0o700 });
    for (const name of ['dmg', 'part']) {
      spawnSync('mkfifo', [join(world.cacheFolder, 'pending', `${world.sha256}.${name}`)]);
    }
    const { file } = await world.download();
    expect((await readFile(file.path)).equals(world.body)).toBe(true);
  });

  it('says what is wrong with a folder that cannot be used', async () => {
    const world = await startDownloadWorld();
    const occupied = join(world.cacheFolder, 'occupied');
    await writeFile(occupied, '');
    for (const cacheFolder of [occupied, join(occupied, 'below')]) {
      expect(await world.fail({ cacheFolder })).toMatchObject({ code: 'download-failed', message: /folder/ });
    }
    await writeFile(join(world.cacheFolder, 'pending'), '');
    expect(await world.fail()).toMatchObject({ code: 'download-failed', message: /not a folder/ });
    expect(world.host.log).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)('refuses a folder of another user (needs root)', async () => {
    const world = await startDownloadWorld();
    const { chown } = await import('node:fs/promises');
    await mkdir(join(world.cacheFolder, 'pending'));
    await chown(join(world.cacheFolder, 'pending'), 12_345, 12_345);
    expect(await world.fail()).toMatchObject({ code: 'download-failed', message: /another user/ });
  });

  it.skipIf(process.getuid?.() === 0)(
    'names a folder without permission (needs a user who is not root)',
    async () => {
      const world = await startDownloadWorld();
      await chmod(world.cacheFolder, 0o500);
      expect(await world.fail()).toMatchObject({ code: 'download-failed', message: /EACCES/ });
      await chmod(world.cacheFolder, 0o700);
    },
  );

  it('removes what other artifacts left, but not what a live process is at', async () => {
    const world = await startDownloadWorld();
    const folder = join(world.cacheFolder, 'pending');
    await mkdir(folder, { mode: 0o700 });
    const [old, live, dead] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
    for (const name of [`${old}.dmg`, `${old}.json`, `${live}.part`, `${dead}.part`, 'notes.txt']) {
      await writeFile(join(folder, name), 'x');
    }
    expect((await tryFileLock(join(folder, `${live}.lock`), 0o600)).lock).not.toBeNull();
    await writeFile(join(folder, `${dead}.lock`), '');
    await world.download();
    expect(await world.pending()).toEqual(
      [`${live}.lock`, `${live}.part`, 'dmg', 'json', 'notes.txt'].sort(),
    );
  });
});

describe('what the server may do wrong', () => {
  const nothingLeft: readonly string[] = [];

  it.each<[string, FaultKind, string]>([
    ['a length that is too long', { kind: 'length', length: 1_000_001 }, 'size-mismatch'],
    ['a length that is too short', { kind: 'length', length: 999_999 }, 'size-mismatch'],
    ['a compressed body', { kind: 'gzip' }, 'size-mismatch'],
    ['a body without an end', { kind: 'endless' }, 'size-mismatch'],
    ['a changed byte', { kind: 'flip', at: 654_321 }, 'sha256-mismatch'],
    ['403', { kind: 'status', status: 403 }, 'download-failed'],
    ['400', { kind: 'status', status: 400 }, 'download-failed'],
    ['416', { kind: 'status', status: 416 }, 'download-failed'],
    ['204', { kind: 'status', status: 204 }, 'download-failed'],
    ['404', { kind: 'status', status: 404 }, 'not-published'],
    ['410', { kind: 'status', status: 410 }, 'download-failed'],
    ['a loop of redirects', { kind: 'redirect-loop' }, 'download-failed'],
    ['a part unasked', { kind: 'other-range', start: 10 }, 'download-failed'],
  ])('gives up at once on %s', async (_, fault, code) => {
    const world = await startDownloadWorld({ faults: [{ fault }] });
    const error = await world.fail();
    expect(error.code).toBe(code);
    expect(error.failures).toMatchObject([{ url: world.candidate.url, kind: 'version-tag', code }]);
    expect(world.waits).toEqual([]);
    expect(await world.pending()).toEqual(fault.kind === 'flip' ? ['refused.json'] : nothingLeft);
    expect(error.message).toMatch(/^The update could not be downloaded: .+ Nothing was changed\. .+\.$/);
  });

  it('stops reading as soon as one byte too many came', async () => {
    const world = await startDownloadWorld({ size: 300_000, faults: [{ fault: { kind: 'endless' } }] });
    expect(await world.fail()).toMatchObject({ code: 'size-mismatch' });
    const asset = world.host.log.find(({ on }) => on === 'asset');
    // The rest is what the two kernels had taken in between.
    await vi.waitFor(() => expect(asset?.bytes).toBeGreaterThan(300_000));
    const sent = asset?.bytes;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asset?.bytes).toBe(sent);
  });

  it('refuses a body that ends early with honest framing', async () => {
    const world = await startDownloadWorld();
    const url = world.host.publish('v2.0.0.46', 'Nexy.dmg', world.body.subarray(0, 400_000));
    world.host.fault({ fault: { kind: 'length', length: 'absent' } });
    expect(await world.fail({ candidates: [{ url, kind: 'direct' }] })).toMatchObject({
      code: 'size-mismatch',
    });
    expect(world.waits).toEqual([]);
  });

  it('takes a body without a length', async () => {
    const world = await startDownloadWorld({ faults: [{ fault: { kind: 'length', length: 'absent' } }] });
    expect((await world.download()).bytesDownloaded).toBe(1_000_000);
  });

  it.each([408, 429, 500, 502, 503, 504, 520])('tries again after %d', async (status) => {
    const world = await startDownloadWorld({ faults: [{ times: 2, fault: { kind: 'status', status } }] });
    expect((await world.download()).bytesDownloaded).toBe(1_000_000);
    expect(world.waits).toEqual([500, 1_000]);
  });

  it('gives up after six attempts that bring nothing', async () => {
    const world = await startDownloadWorld({
      faults: [{ on: 'release', fault: { kind: 'status', status: 503 } }],
    });
    expect(await world.fail()).toMatchObject({ code: 'download-failed', message: /503/ });
    expect(world.waits).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
    expect(world.host.log).toHaveLength(6);
  });

  it('waits as long as Retry-After says, in seconds and as a date, within bounds', async () => {
    const now = Date.UTC(2026, 0, 1);
    const retryAfter = async (value: string) => {
      const fault: FaultKind = { kind: 'status', status: 429, headers: { 'retry-after': value } };
      const world = await startDownloadWorld({ faults: [{ times: 1, fault }] });
      await world.download({ seams: { now: () => now, random: () => 0 } });
      return world.waits;
    };
    expect(await retryAfter('7')).toEqual([7_000]);
    expect(await retryAfter(new Date(now + 9_000).toUTCString())).toEqual([9_000]);
    expect(await retryAfter(new Date(now - 9_000).toUTCString())).toEqual([0]);
    expect(await retryAfter('86400')).toEqual([60_000]);
    expect(await retryAfter('soon')).toEqual([0]);
  });

  it('tries again when nobody answers, and says so in the end', async () => {
    const closed = await startServer(() => {});
    await closed.close();
    const world = await startDownloadWorld();
    const candidates = [{ url: `${closed.origin}/Nexy.dmg`, kind: 'direct' as const }];
    expect(await world.fail({ candidates })).toMatchObject({
      code: 'download-failed',
      message: /refused the connection/,
    });
    expect(world.waits).toHaveLength(5);
  });

  it.each<[string, FaultKind]>([
    ['before the answer', { kind: 'silent' }],
    ['before the first byte', { kind: 'stall', after: 0 }],
    ['in the middle', { kind: 'stall', after: 500_000 }],
    ['before the last byte', { kind: 'stall', after: 999_999 }],
  ])('calls a server that falls silent %s stalled, and goes on when it speaks again', async (_, fault) => {
    const world = await startDownloadWorld({ faults: [{ times: 2, fault }] });
    const { file } = await world.download({ seams: IMPATIENT });
    expect((await readFile(file.path)).equals(world.body)).toBe(true);
    const silent = await startDownloadWorld({ faults: [{ fault: { kind: 'stall', after: 0 } }] });
    expect(await silent.fail({ seams: IMPATIENT })).toMatchObject({ code: 'download-stalled' });
  });

  it('does not call a slow server stalled', async () => {
    const world = await startDownloadWorld({
      size: 2_500,
      faults: [{ fault: { kind: 'trickle', bytesPerSecond: 1_000 } }],
    });
    await world.download({ seams: { stallTimeout: 2_000 } });
    expect(world.waits).toEqual([]);
  });

  it('follows a redirect to yet another origin, but none from https to http', async () => {
    const world = await startDownloadWorld();
    const other = await startDownloadWorld();
    other.host.publish('v1', 'Nexy.dmg', world.body);
    const to = `${other.host.origin}/Seregawpn/Nexy_production/releases/download/v1/Nexy.dmg`;
    world.host.fault({ on: 'release', fault: { kind: 'redirect', to } });
    expect((await world.download()).candidate).toEqual(world.candidate);

    const tls = await makeCertificate();
    const secure = await startDownloadWorld({ tls });
    secure.host.fault({ on: 'release', fault: { kind: 'redirect', to } });
    const http = { allowLoopback: true, certificateAuthority: tls.cert };
    const requests = other.host.log.length;
    expect(await secure.fail({ http })).toMatchObject({ code: 'artifact-url-insecure' });
    expect(other.host.log).toHaveLength(requests);
    expect(secure.waits).toEqual([]);
  });

  it('asks for a new signature when the old one has run out', async () => {
    const world = await startDownloadWorld({
      faults: [{ times: 1, fault: { kind: 'cut', after: 600_000 } }],
    });
    await world.download();
    const paths = world.host.log.map(({ on }) => on);
    expect(paths).toEqual(['release', 'asset', 'release', 'asset']);
  });

  it('refuses http on loopback where that is not allowed', async () => {
    const world = await startDownloadWorld();
    expect(await world.fail({ http: { allowLoopback: false } })).toMatchObject({
      code: 'artifact-url-insecure',
    });
    expect(world.host.log).toEqual([]);
  });
});

describe('the walk along the candidates', () => {
  async function startWalk(first: FaultKind | null, replaced?: Buffer) {
    const world = await startDownloadWorld();
    const fixed: Candidate = {
      url: world.host.publish('Update', 'Nexy.dmg', replaced ?? world.body),
      kind: 'fixed-tag',
    };
    if (first !== null) world.host.fault({ tag: 'Update', fault: first });
    return { world, candidates: [fixed, world.candidate] };
  }

  it.each<[string, FaultKind | null, Buffer | undefined]>([
    ['404', { kind: 'status', status: 404 }, undefined],
    ['410', { kind: 'status', status: 410 }, undefined],
    ['another size', null, randomBody(999_999)],
    ['another sha256', null, randomBody(1_000_000)],
    ['compression', { kind: 'gzip' }, undefined],
    ['no end', { kind: 'endless' }, undefined],
  ])('goes on to the version tag after %s', async (_, fault, replaced) => {
    const { world, candidates } = await startWalk(fault, replaced);
    const seen: string[] = [];
    const result = await world.download({ candidates, onCandidate: ({ kind }) => seen.push(kind) });
    expect(result.candidate).toEqual(world.candidate);
    expect((await readFile(result.file.path)).equals(world.body)).toBe(true);
    expect(seen).toEqual(['fixed-tag', 'version-tag']);
  });

  it.each<[string, FaultKind, string]>([
    ['403', { kind: 'status', status: 403 }, 'download-failed'],
    ['503 for ever', { kind: 'status', status: 503 }, 'download-failed'],
    ['silence', { kind: 'stall', after: 10 }, 'download-stalled'],
  ])('does not go on after %s', async (_, fault, code) => {
    const { world, candidates } = await startWalk(fault);
    const error = await world.fail({ candidates, seams: IMPATIENT });
    expect(error.code).toBe(code);
    expect(error.failures.map(({ kind }) => kind)).toEqual(['fixed-tag']);
  });

  it('lists every failure and takes the code of the most telling one', async () => {
    const { world, candidates } = await startWalk(null, randomBody(1_000_000));
    world.host.withdraw('v2.0.0.46', 'Nexy.dmg');
    const error = await world.fail({ candidates });
    expect(error.code).toBe('sha256-mismatch');
    expect(error.failures.map(({ kind, code }) => `${kind} ${code}`)).toEqual([
      'fixed-tag sha256-mismatch',
      'version-tag not-published',
    ]);
    const missing = await startWalk({ kind: 'status', status: 404 });
    missing.world.host.withdraw('v2.0.0.46', 'Nexy.dmg');
    expect((await missing.world.fail({ candidates: missing.candidates })).code).toBe('not-published');
  });

  it('never fetches bytes again that were wrong under the same ETag, not even next time', async () => {
    const { world, candidates } = await startWalk(null, randomBody(1_000_000));
    world.host.withdraw('v2.0.0.46', 'Nexy.dmg');
    await world.fail({ candidates });
    const before = world.host.log.length;
    expect((await world.fail({ candidates })).code).toBe('sha256-mismatch');
    const refetched = world.host.log.slice(before).filter(({ on }) => on === 'asset');
    expect(refetched).toHaveLength(1);
    // Only what fitted into the sockets' buffers before the download had seen the headers.
    await vi.waitFor(() => expect(refetched[0]?.status).toBe(200));

    world.host.replace('Update', 'Nexy.dmg', world.body);
    expect((await world.download({ candidates })).candidate.kind).toBe('fixed-tag');
  });

  it('does not mix the bytes of two candidates', async () => {
    const { world, candidates } = await startWalk(null);
    world.host.fault({ tag: 'Update', times: 1, fault: { kind: 'cut', after: 100_000 } });
    world.host.fault({ tag: 'Update', skip: 1, fault: { kind: 'status', status: 403 } });
    await world.fail({ candidates });
    expect((await world.partial()).byteLength).toBe(100_000);
    // The fixed tag is gone; the version tag must start from nothing.
    world.host.withdraw('Update', 'Nexy.dmg');
    const before = world.ranges().length;
    const result = await world.download({ candidates });
    expect(result).toMatchObject({ resumedFrom: 0, bytesDownloaded: 1_000_000 });
    expect(world.ranges().slice(before)).toEqual([null]);
  });
});

describe('what must not be fetched at all', () => {
  it.each([
    [{ size: 0 }, 'size-invalid'],
    [{ size: 1.5 }, 'size-invalid'],
    [{ sha256: '../../../../etc/passwd' }, 'sha256-invalid'],
    [{ sha256: 'A'.repeat(64) }, 'sha256-invalid'],
  ])('%o is %s', async (changes, code) => {
    const world = await startDownloadWorld();
    expect((await world.fail(changes)).code).toBe(code);
    expect(world.host.log).toEqual([]);
  });

  it('a type that is no file extension, and no candidate', async () => {
    const world = await startDownloadWorld();
    await expect(world.download({ type: '../x' })).rejects.toThrow(TypeError);
    await expect(world.download({ candidates: [] })).rejects.toThrow(TypeError);
  });
});

describe('cancelling', () => {
  it('before the start makes nothing', async () => {
    const world = await startDownloadWorld();
    expect((await world.fail({ signal: AbortSignal.abort() })).code).toBe('cancelled');
    expect(world.host.log).toEqual([]);
  });

  it.each<[string, FaultKind]>([
    ['waiting for the answer', { kind: 'silent' }],
    ['receiving', { kind: 'stall', after: 400_000 }],
  ])('while %s closes the socket at once', async (_, fault) => {
    const world = await startDownloadWorld({ faults: [{ fault }] });
    const controller = new AbortController();
    const failing = world.fail({ signal: controller.signal, seams: { stallTimeout: 60_000 } });
    await vi.waitFor(() => expect(world.host.log.at(-1)?.on).toBe('asset'));
    if (fault.kind === 'stall') {
      await vi.waitFor(async () => expect((await world.partial()).byteLength).toBe(400_000));
    }
    controller.abort();
    expect((await failing).code).toBe('cancelled');
    await vi.waitFor(async () => expect((await world.host.openConnections()).asset).toBe(0));
    expect(await world.pending()).toEqual(fault.kind === 'stall' ? ['json', 'part'] : []);
    world.host.clearFaults();
    const { resumedFrom, bytesDownloaded } = await world.download();
    expect(resumedFrom + bytesDownloaded).toBe(1_000_000);
    expect(resumedFrom).toBe(fault.kind === 'stall' ? 400_000 : 0);
  });

  it('while waiting for the next attempt', async () => {
    const world = await startDownloadWorld({ faults: [{ fault: { kind: 'status', status: 503 } }] });
    const controller = new AbortController();
    const { sleep } = (await import('../../src/download/seams.ts')).REAL_SEAMS;
    const failing = world.fail({
      signal: controller.signal,
      seams: {
        sleep: (milliseconds, signal) => {
          setTimeout(() => controller.abort(), 10);
          return sleep(milliseconds + 60_000, signal);
        },
      },
    });
    expect((await failing).code).toBe('cancelled');
    expect(world.host.log.filter(({ on }) => on === 'asset')).toHaveLength(1);
  });

  it('while hashing what is there', async () => {
    const world = await startDownloadWorld({ size: 5_000_000 });
    await world.download();
    const controller = new AbortController();
    const failing = world.fail({ signal: controller.signal });
    controller.abort();
    expect((await failing).code).toBe('cancelled');
    expect((await world.download()).fromCache).toBe(true);
  });
});

describe('two downloads of one artifact at once', () => {
  it('tells the second install-busy and lets the first finish', async () => {
    const world = await startDownloadWorld({
      faults: [{ times: 1, fault: { kind: 'trickle', bytesPerSecond: 4_000_000 } }],
    });
    const first = world.download();
    await vi.waitFor(() => expect(world.host.log.length).toBeGreaterThan(0));
    expect((await world.fail()).code).toBe('install-busy');
    expect((await first).file.sha256).toBe(sha256Of(world.body));
  });
});
