import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchNotes, findNotes, keepNotes, readKeptNotes } from '../../src/check/release-notes.ts';
import { manifestText } from '../../src/lab/manifest-text.ts';
import { assessManifest } from '../../src/manifest/assess.ts';
import { startServer } from '../support/http-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const POLICY = {
  owner: 'Seregawpn/Nexy_production',
  downloadBase: 'https://github.com',
  allowedHosts: ['cdn.example.com'],
  allowLoopback: false,
};
const RELEASE = 'https://github.com/Seregawpn/Nexy_production/releases/download/v2.0.0.46';

function find(top: Readonly<Record<string, unknown>>) {
  const text = manifestText({
    version: '2.0.0.46',
    url: `${RELEASE}/Nexy.dmg`,
    bytes: Buffer.from('x'),
    top,
  });
  const { manifest } = assessManifest(Buffer.from(text), POLICY, {
    channel: 'stable',
    fileName: 'manifest.json',
  });
  if (manifest === null) throw new Error('The manifest is invalid.');
  return findNotes(manifest, POLICY);
}

describe('where release notes lie', () => {
  const url = `${RELEASE}/LATEST_CHANGES.md`;
  const sha256 = 'AB'.repeat(32);

  it('is what the manifest says, with what is known of their bytes', () => {
    expect(find({ notes: { url, size: 12, sha256 }, notes_url: 'https://elsewhere.example/' })).toEqual({
      url,
      size: 12,
      sha256: sha256.toLowerCase(),
    });
    expect(find({ notes_url: url })).toEqual({ url, size: null, sha256: null });
    expect(find({ notes_url: 'https://cdn.example.com/notes.md' })).not.toBeNull();
  });

  it.each([
    '',
    'notes.md',
    'http://cdn.example.com/notes.md',
    'https://evil.example/notes.md',
    'https://github.com/Somebody/Else/releases/download/v2.0.0.46/LATEST_CHANGES.md',
    'https://github.com/Seregawpn/Nexy_production/raw/main/notes.md',
    'https://user:password@cdn.example.com/notes.md',
    'file:///etc/passwd',
  ])('is nowhere that an artifact could not come from: %j', (notesUrl) => {
    expect(find({ notes_url: notesUrl })).toBeNull();
    expect(find({ notes: { url: notesUrl } })).toBeNull();
  });

  it('falls back where `notes` is not of the form', () => {
    expect(find({ notes: { url, size: -1 }, notes_url: url })).toEqual({ url, size: null, sha256: null });
    expect(find({ notes: 'text', notes_url: url })).toEqual({ url, size: null, sha256: null });
  });
});

describe('fetching release notes', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  const http = { allowLoopback: true };
  async function serve(body: string | Buffer, status = 200): Promise<string> {
    const host = await startServer((_, response) => response.writeHead(status).end(body));
    closers.push(host.close);
    return host.origin;
  }
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');

  it('gives their text, where the bytes are those that were promised', async () => {
    const url = await serve('- Быстрее.');
    const size = Buffer.byteLength('- Быстрее.');
    expect(await fetchNotes({ url, size, sha256: digest('- Быстрее.') }, http)).toBe('- Быстрее.');
    expect(await fetchNotes({ url, size: null, sha256: null }, http)).toBe('- Быстрее.');
  });

  it('refuses other bytes', async () => {
    const url = await serve('other');
    await expect(fetchNotes({ url, size: 6, sha256: null }, http)).rejects.toMatchObject({
      code: 'size-mismatch',
    });
    await expect(fetchNotes({ url, size: 5, sha256: digest('others') }, http)).rejects.toMatchObject({
      code: 'sha256-mismatch',
    });
  });

  it('stops at more than anybody reads', async () => {
    const url = await serve(Buffer.alloc(300 * 1024, 'x'));
    await expect(fetchNotes({ url, size: null, sha256: null }, http)).rejects.toMatchObject({
      code: 'size-mismatch',
    });
  });

  it('fails with a code where there are none', async () => {
    await expect(
      fetchNotes({ url: await serve('', 404), size: null, sha256: null }, http),
    ).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringContaining('404'),
    });
    await expect(
      fetchNotes({ url: 'http://127.0.0.1:1/', size: null, sha256: null }, http),
    ).rejects.toMatchObject({ code: 'download-failed' });
  });

  it('are kept for one version', async () => {
    const folder = await temporaryFolder();
    expect(await readKeptNotes(folder, '2.0.0.46')).toBeNull();
    await keepNotes(folder, '2.0.0.46', '- Faster.');
    expect(await readKeptNotes(folder, '2.0.0.46')).toBe('- Faster.');
    expect(await readKeptNotes(folder, '2.0.0.45')).toBeNull();
  });
});
