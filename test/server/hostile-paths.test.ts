import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, askRaw } from '../support/ask.ts';
import { offerText, ServerWorld, until } from '../support/server-world.ts';
import { describeTree } from '../support/tree.ts';

const SECRET = 'the secret that must not get out';

/** Secrets beside the folders, in them, and behind links out of them. */
async function serveAmongSecrets() {
  const world = await ServerWorld.open();
  const plant = (path: string): void => writeFileSync(join(world.folder, path), SECRET);
  world.put('manifest.json', offerText('1.0'));
  world.put('manifest_1.0.json', offerText('1.0'));
  world.putDownload('Nexy.dmg', 'bytes of 1.0');
  mkdirSync(join(world.downloads, 'sub'));
  for (const path of [
    'secret.txt',
    'manifests/secret.txt',
    'manifests/.env',
    'manifests/other.json',
    'manifests/manifest.json.bak',
    'downloads/.env',
    'downloads/sub/secret.txt',
  ]) {
    plant(path);
  }
  mkdirSync(join(world.folder, 'secrets'));
  plant('secrets/secret.txt');
  symlinkSync(join(world.folder, 'secret.txt'), join(world.downloads, 'link.dmg'));
  symlinkSync(join(world.folder, 'secrets'), join(world.downloads, 'folder'));
  symlinkSync(join(world.folder, 'secret.txt'), join(world.manifests, 'manifest_2.0.json'));
  symlinkSync('/etc/passwd', join(world.downloads, 'passwd'));
  const { origin } = await world.serve();
  await until(async () => (await ask(origin, '/downloads/Nexy.dmg')).status === 200);
  return { world, origin };
}

const STARTS = [
  '/',
  '/updates/',
  '/downloads/',
  '/updates/downloads/',
  '/manifests/',
  '/api/',
  '/health/',
  '',
];

/** Ways to write "one folder up", a separator, and the end of a path. */
const UPS = [
  '../',
  '..\\',
  '..%2f',
  '..%2F',
  '..%5c',
  '..%5C',
  '%2e%2e/',
  '%2e%2e%2f',
  '%2E%2E%5C',
  '.%2e/',
  '%2e./',
  './',
  '//',
  '..;/',
  '.../',
  '....//',
  '..%00/',
  '..%252f',
  '%252e%252e%252f',
  '%25252e%25252e%25252f',
  '..%c0%af',
  '..%c1%9c',
  '%c0%ae%c0%ae/',
  '%c0%2e%c0%2e/',
  '%e0%80%ae%e0%80%ae/',
  '%e0%80%af',
  '%f0%80%80%ae',
  '%u002e%u002e%u2215',
  '..%u2216',
  '\u2024\u2024/',
  '．．／',
  '..／',
  '..\u0000/',
  '..\t/',
  '.. /',
  '..%20/',
  '..%09/',
  '..%0d%0a/',
  '%5c%5c?%5c',
  '\\\\?\\',
  'C:\\',
  'C:/',
  '\\\\host\\share\\',
  'file:///',
  '~/',
  '%7e/',
  '%',
  '%zz',
  '%2',
  '#',
  '?',
  '&',
  '*',
  '|',
  '%7c',
  "'",
  '"',
];

const ENDS = [
  'secret.txt',
  'secrets/secret.txt',
  'secret.txt%00.dmg',
  'secret.txt\u0000.dmg',
  'secret.txt::$DATA',
  'SECRET~1.TXT',
  'secret.txt.',
  'secret.txt%20',
  'secret.txt/',
  '.env',
  'link.dmg',
  'folder/secret.txt',
  'passwd',
  'etc/passwd',
  'sub/secret.txt',
  'manifest_2.0.json',
  'manifest.json.bak',
  'other.json',
  'con',
  'nul',
  'proc/self/environ',
  '',
];

describe('10,000 hostile paths', () => {
  it('leak nothing, change nothing, and leave the server well', async () => {
    const { world, origin } = await serveAmongSecrets();
    const before = describeTree(world.folder);
    const listed = STARTS.flatMap((start) =>
      UPS.flatMap((up) =>
        [1, 2, 5].flatMap((times) => ENDS.map((end) => `${start}${up.repeat(times)}${end}`)),
      ),
    );
    const piece = fc.oneof(fc.constantFrom(...UPS), fc.constantFrom(...ENDS), fc.string({ maxLength: 6 }));
    const made = fc.sample(
      fc.tuple(fc.constantFrom(...STARTS), fc.array(piece, { minLength: 1, maxLength: 8 })),
      { numRuns: 4000, seed: 20_261_124 },
    );
    const paths = [...listed, ...made.map(([start, pieces]) => start + pieces.join(''))];
    expect(paths.length).toBeGreaterThan(10_000);
    const known = new Set<string>();
    const answers = await sendAll(origin, paths);
    for (const [index, answer] of answers.entries()) {
      const text = answer.toString('latin1');
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      if (text.includes(SECRET) || text.includes('root:') || text.includes(world.folder)) {
        throw new Error(`${JSON.stringify(paths[index])} gave ${text}`);
      }
      known.add(status ?? 'none');
      if (!['200', '400', '404'].includes(status ?? '')) {
        throw new Error(`${JSON.stringify(paths[index])} gave ${text}`);
      }
    }
    // Some, such as "/./" and "/?secret", are honest addresses of the page; most are of nothing.
    expect(known).toEqual(new Set(['200', '400', '404']));
    expect((await ask(origin, '/health')).status).toBe(200);
    expect(describeTree(world.folder)).toEqual(before);
  });

  it.each(['link.dmg', 'folder/secret.txt', 'passwd', 'folder', 'sub', 'sub/secret.txt', '.env'])(
    'downloads/%s, which lies in the folder, is not served',
    async (name) => {
      const { origin } = await serveAmongSecrets();
      expect((await ask(origin, `/downloads/${name}`)).status).toBe(404);
    },
  );

  it('a download that becomes a link is not followed, not even for a moment', async () => {
    const { world, origin } = await serveAmongSecrets();
    const path = join(world.downloads, 'Nexy.dmg');
    symlinkSync(join(world.folder, 'secret.txt'), `${path}.new`);
    renameSync(`${path}.new`, path);
    await until(async () => {
      const { status, body } = await ask(origin, '/downloads/Nexy.dmg');
      expect(body.toString()).not.toContain(SECRET);
      expect([404, 503]).toContain(status);
      return status === 404;
    });
  });
});

describe('requests that are none', () => {
  it.each([
    'GET /manifest.json HTTP/9.9\r\n\r\n',
    '\u0016\u0003\u0001\u0002',
    'GET /manifest.json HTTP/1.1\r\n\r\n',
    'GET /manifest.json HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET /manifest.json HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n',
    'CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    'NONSENSE / HTTP/1.1\r\nHost: a\r\n\r\n',
  ])('%j is turned away, and the next one is answered', async (text) => {
    const { origin } = await serveAmongSecrets();
    const answer = (await askRaw(origin, text)).toString();
    expect(answer === '' || /^HTTP\/1\.1 (400|505)/.test(answer)).toBe(true);
    expect((await ask(origin, '/health')).status).toBe(200);
  });
});

/** One connection for each, a hundred at a time: nothing on the way tidies the path up. */
async function sendAll(origin: string, paths: readonly string[]): Promise<readonly Buffer[]> {
  const answers: Buffer[] = [];
  for (let start = 0; start < paths.length; start += 100) {
    answers.push(...(await Promise.all(paths.slice(start, start + 100).map((path) => send(origin, path)))));
  }
  return answers;
}

async function send(origin: string, path: string): Promise<Buffer> {
  const { port, host } = new URL(origin);
  return new Promise((fulfil, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), '127.0.0.1', () => {
      // A line end would end the request line and make it another question.
      const target = Buffer.from(path.replaceAll(/[\r\n]/g, '%0a'), 'utf8');
      socket.write(
        Buffer.concat([
          Buffer.from('GET '),
          target,
          Buffer.from(` HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
        ]),
      );
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => fulfil(Buffer.concat(chunks)));
  });
}
