import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ExportOptions, type ExportOutcome, exportSite } from '../../src/server/export-site.ts';
import { ask } from '../support/ask.ts';
import { runCli } from '../support/run-cli.ts';
import { offerText, ServerWorld, until } from '../support/server-world.ts';
import { describeTree } from '../support/tree.ts';

async function openWorld(): Promise<ServerWorld> {
  const world = await ServerWorld.open();
  world.put('manifest.json', offerText('2.0'));
  world.put('manifest_beta.json', offerText('2.1', { top: { channel: 'beta' } }));
  world.put('manifest_2.0.json', offerText('2.0'));
  world.put('manifest_1.0.json', offerText('1.0'));
  world.putDownload('Nexy.dmg', 'bytes of 2.0');
  world.putDownload('notes.md', '# What is new');
  return world;
}

function exportOf(world: ServerWorld, more: Partial<ExportOptions> = {}): Promise<ExportOutcome> {
  return exportSite({
    ...world.sources(),
    outFolder: join(world.folder, 'site'),
    tell: () => undefined,
    ...more,
  });
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** What the host reads, rather than clients. */
const HOST_FILES = ['.nexy-export.json', '.nojekyll', '404.html', '_headers'];

/** The rules of a `_headers` file that apply to a path, the most general ones first. */
function headersFor(text: string, path: string): Record<string, string> {
  const found: Record<string, string> = {};
  let applies = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('/'))
      applies = line.endsWith('*') ? path.startsWith(line.slice(0, -1)) : path === line;
    else if (applies && line !== '') {
      const [name = '', ...value] = line.trim().split(': ');
      found[name] = value.join(': ');
    }
  }
  return found;
}

describe('export', () => {
  it('holds what the server answers, route by route and byte for byte, with the same headers', async () => {
    const world = await openWorld();
    await exportOf(world);
    const site = join(world.folder, 'site');
    const { origin } = await world.serve();
    await until(async () => (await ask(origin, '/downloads/notes.md')).status === 200);
    const headers = readFileSync(join(site, '_headers'), 'utf8');
    const files = listFiles(site).filter((file) => !HOST_FILES.includes(file));
    // Every route at the root, and below updates/.
    expect(files.filter((file) => !file.startsWith('updates/'))).toEqual([
      'api/artifacts',
      'api/manifests',
      'api/versions',
      'appcast-beta.xml',
      'appcast.xml',
      'downloads/Nexy.dmg',
      'downloads/notes.md',
      'health',
      'index.html',
      'manifest.json',
      'manifest_beta.json',
      'manifests/manifest_1.0.json',
      'manifests/manifest_2.0.json',
    ]);
    expect(files.filter((file) => file.startsWith('updates/'))).toHaveLength(13);
    for (const file of files) {
      const path = `/${file.replace(/(^|\/)index\.html$/, '$1')}`;
      const answer = await ask(origin, path);
      expect({ path, status: answer.status }).toEqual({ path, status: 200 });
      expect(answer.body.equals(readFileSync(join(site, file)))).toBe(true);
      const rules = headersFor(headers, path);
      for (const [name, value] of Object.entries(rules)) {
        expect({ path, name, value: answer.headers[name] }).toEqual({ path, name, value });
      }
      expect(rules).toHaveProperty('cache-control');
      expect(rules).toHaveProperty('content-security-policy');
    }
  });

  it('is what is served without beta, too', async () => {
    const world = await openWorld();
    await exportOf(world, { isBetaOffered: false });
    const files = listFiles(join(world.folder, 'site'));
    expect(files).toContain('manifest.json');
    expect(files.filter((file) => file.includes('beta'))).toEqual([]);
    for (const file of files) {
      expect(readFileSync(join(world.folder, 'site', file), 'utf8')).not.toMatch(/beta/i);
    }
  });

  it('is the same whenever and wherever it is made, and keeps the dates of manifests', async () => {
    const world = await openWorld();
    for (const file of readdirSync(world.manifests))
      utimesSync(join(world.manifests, file), 1_700_000_000, 1_700_000_000);
    await exportOf(world);
    await exportOf(world, { outFolder: join(world.folder, 'deep', 'other') });
    expect(describeTree(join(world.folder, 'deep', 'other'))).toEqual(
      describeTree(join(world.folder, 'site')),
    );
    expect(statSync(join(world.folder, 'site', 'manifest.json')).mtimeMs).toBe(1_700_000_000_000);
  });

  it('replaces an earlier export as a whole: what is no longer offered is gone', async () => {
    const world = await openWorld();
    await exportOf(world);
    world.remove('manifest_1.0.json');
    world.put('manifest.json', offerText('3.0'));
    const { files, status } = await exportOf(world);
    const site = join(world.folder, 'site');
    expect(status).toBe('ok');
    expect(listFiles(site)).toEqual(files);
    expect(existsSync(join(site, 'manifests', 'manifest_1.0.json'))).toBe(false);
    expect(readFileSync(join(site, 'updates', 'manifest.json'), 'utf8')).toBe(offerText('3.0'));
    expect(readdirSync(world.folder).filter((name) => name.includes('nexy-export'))).toEqual([]);
  });

  it('changes nothing when a channel has a rejected manifest, so that the last good site stays', async () => {
    const world = await openWorld();
    await exportOf(world);
    const before = describeTree(join(world.folder, 'site'));
    world.put('manifest_beta.json', offerText('2.2', { url: 'https://evil.example/Nexy.dmg' }));
    await expect(exportOf(world)).rejects.toMatchObject({
      code: 'export-refused',
      message: expect.stringContaining('evil.example'),
    });
    expect(describeTree(join(world.folder, 'site'))).toEqual(before);
    world.remove('manifest_beta.json');
    world.remove('manifest.json');
    await expect(exportOf(world)).rejects.toMatchObject({ code: 'export-refused' });
    expect(describeTree(join(world.folder, 'site'))).toEqual(before);
  });

  it('goes on without a rejected archive copy, and tells of it', async () => {
    const world = await openWorld();
    world.put('manifest_0.9.json', offerText('0.9', { url: 'https://evil.example/Nexy.dmg' }));
    const { status, problems, files } = await exportOf(world);
    expect(status).toBe('degraded');
    expect(problems[0]).toContain('manifest_0.9.json');
    expect(files).not.toContain('manifests/manifest_0.9.json');
  });

  it.each([
    ['a file of somebody', (folder: string) => writeFileSync(join(folder, 'precious.txt'), 'x')],
    [
      'a file among those of an earlier export',
      (folder: string) => {
        writeFileSync(join(folder, '.nexy-export.json'), JSON.stringify({ files: ['.nexy-export.json'] }));
        writeFileSync(join(folder, 'CNAME'), 'updates.example.com');
      },
    ],
  ])('never replaces a folder with %s in it', async (_what, fill) => {
    const world = await openWorld();
    const site = join(world.folder, 'site');
    mkdirSync(site);
    fill(site);
    const before = describeTree(world.folder);
    await expect(exportOf(world)).rejects.toMatchObject({ code: 'export-refused' });
    expect(describeTree(world.folder)).toEqual(before);
    // Not the folder of manifests either.
    await expect(exportOf(world, { outFolder: world.manifests })).rejects.toMatchObject({
      code: 'export-refused',
    });
  });

  it('takes an empty folder, and tidies up after one that was killed', async () => {
    const world = await openWorld();
    mkdirSync(join(world.folder, 'site'));
    // No process has this number: Linux's largest is 4194304.
    mkdirSync(join(world.folder, '.site.nexy-export-99999999-x'));
    await exportOf(world);
    expect(readdirSync(world.folder).sort()).toEqual(['downloads', 'manifests', 'site']);
  });

  it('is whole at every moment for who reads it meanwhile', async () => {
    const world = await openWorld();
    await exportOf(world);
    const path = join(world.folder, 'site', 'manifest.json');
    let isOver = false;
    let reads = 0;
    const reading = (async () => {
      while (!isOver) {
        expect(['2.0', '3.0', '4.0']).toContain(JSON.parse(readFileSync(path, 'utf8')).version);
        reads += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (const version of ['3.0', '4.0']) {
      world.put('manifest.json', offerText(version));
      await exportOf(world);
    }
    isOver = true;
    await reading;
    expect(reads).toBeGreaterThan(100);
  });

  it('can be cancelled, and leaves nothing behind', async () => {
    const world = await openWorld();
    await expect(exportOf(world, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(readdirSync(world.folder).sort()).toEqual(['downloads', 'manifests']);
  });
});

describe('nexy-update-server export', () => {
  it('says what it wrote', async () => {
    const world = await openWorld();
    const out = join(world.folder, 'site');
    const args = ['export', '--manifests', world.manifests, '--downloads', world.downloads, '--out', out];
    expect(await runCli([...args, '--json'], { program: 'nexy-update-server' })).toMatchObject({
      status: 0,
      json: { out, status: 'ok', problems: [], files: listFiles(out) },
    });
    const { status, stdout } = await runCli(args, { program: 'nexy-update-server' });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `Wrote ${listFiles(out).length} files to ${out}.\n`,
    });
  });

  it('exits with 1 and the reason when it refuses', async () => {
    const world = await ServerWorld.open();
    world.put('manifest.json', 'nonsense');
    const args = ['export', '--manifests', world.manifests, '--out', join(world.folder, 'site'), '--json'];
    expect(await runCli(args, { program: 'nexy-update-server' })).toMatchObject({
      status: 1,
      json: { error: { code: 'export-refused', message: expect.stringContaining('not JSON') } },
    });
    expect(existsSync(join(world.folder, 'site'))).toBe(false);
  });
});
