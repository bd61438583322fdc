import {
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, type TestContext, vi } from 'vitest';
import { identityAt } from '../../src/install/exchange.ts';
import { type JournalEntry, JournalWriter } from '../../src/install/journal.ts';
import {
  type Layout,
  layoutOf,
  makeStagingId,
  type StagingPaths,
  stagingPaths,
} from '../../src/install/layout.ts';
import { takeLock } from '../../src/install/lock.ts';
import { type RecoverOptions, recover } from '../../src/install/recover.ts';
import { Tools } from '../../src/install/tools.ts';
import { callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
import { CAN_MOUNT, makeReadOnly, mountSmallVolume, NEEDS_MOUNT } from '../support/small-volume.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AT = '2026-11-23T12:00:00.000Z';

let tools: string;
let layout: Layout;
let warnings: string[];
beforeEach(async () => {
  tools = await temporaryFolder();
  layout = await layoutOf(join(await temporaryFolder(), 'Nexy.app'));
  warnings = [];
  putApp(layout.target, '1.0');
});

function putApp(path: string, version: string): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'version'), version);
}

const versionAt = (path: string): string | null =>
  existsSync(path) ? readFileSync(join(path, 'version'), 'utf8') : null;

function repair(more: Partial<RecoverOptions> = {}) {
  return recover(layout, {
    tools: new Tools(tools),
    cacheFolder: null,
    now: () => new Date(AT),
    warn: (text) => void warnings.push(text),
    ...more,
  });
}

function pathsOf(time: string): StagingPaths {
  return stagingPaths(layout, makeStagingId(new Date(time)));
}

/** A journal of an install from 1.0 to 2.0 that got as far as these lines after `staged`. */
function begin(paths: StagingPaths, ...entries: readonly JournalEntry[]): void {
  putApp(paths.newApp, '2.0');
  const [newApp, oldApp] = [identityAt(paths.newApp), identityAt(layout.target)];
  if (newApp === null || oldApp === null) throw new Error('Both were made');
  const journal = JournalWriter.create(paths);
  const names = { target: layout.target, bundleId: 'b', from: '1.0', to: '2.0', sha256: 'c' };
  journal.append({ step: 'begin', at: AT, ...names });
  journal.append({ step: 'staged', at: AT, newApp, oldApp });
  for (const entry of entries) journal.append(entry);
  journal.close();
}

function exchange({ newApp, oldApp }: StagingPaths): void {
  renameSync(layout.target, oldApp);
  renameSync(newApp, layout.target);
}

const lastLine = ({ journal }: StagingPaths): unknown =>
  JSON.parse(readFileSync(journal, 'utf8').trimEnd().split('\n').at(-1) ?? '');
const beside = (): readonly string[] => readdirSync(layout.parent).filter((name) => name !== 'Nexy.app');
const line = (step: 'exchanging' | 'exchanged' | 'confirmed' | 'died' | 'undone'): JournalEntry => ({
  step,
  at: AT,
});

describe('the end that recover writes down', () => {
  it('is the exchange, where that was done and not said', async () => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanging'));
    exchange(paths);
    expect(await repair()).toBe('finished');
    expect(lastLine(paths)).toEqual({ step: 'exchanged', at: AT });
  });

  it('is nothing, where all was said and only the displaced app was not in its place', async () => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanging'), { step: 'exchanged', at: '2026-11-23T11:00:00.000Z' });
    exchange(paths);
    renameSync(paths.oldApp, paths.newApp);
    expect(await repair()).toBe('finished');
    expect(versionAt(paths.oldApp)).toBe('1.0');
    expect(lastLine(paths)).toMatchObject({ at: '2026-11-23T11:00:00.000Z' });
  });

  it('is that it was asked for, where somebody put the old app back and had no time to say it', async () => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanged'));
    expect(await repair()).toBe('undone');
    expect(lastLine(paths)).toEqual({ step: 'undone', at: AT, reason: 'requested' });
    expect([versionAt(layout.target), existsSync(paths.folder)]).toEqual(['1.0', false]);
  });

  it.each(['exchanging', 'exchanged'] as const)(
    'is failed starts, where it was taken back after two of them (%s)',
    async (step) => {
      const paths = pathsOf(AT);
      begin(paths, line(step), line('died'), line('died'));
      expect(await repair()).toBe('undone');
      expect(lastLine(paths)).toEqual({ step: 'undone', at: AT, reason: 'failed-starts' });
    },
  );

  it('is failed starts also where undoing was cut off between two renames', async () => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanged'), line('died'), line('died'));
    renameSync(layout.target, paths.oldApp);
    expect(await repair()).toBe('undone');
    expect(versionAt(layout.target)).toBe('1.0');
    expect(lastLine(paths)).toEqual({ step: 'undone', at: AT, reason: 'failed-starts' });
  });

  it('is still the exchange after one failed start', async () => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanged'), line('died'));
    renameSync(layout.target, paths.oldApp);
    expect(await repair()).toBe('finished');
    expect(versionAt(layout.target)).toBe('2.0');
  });

  it.each<[string, JournalEntry]>([
    ['confirmed', line('confirmed')],
    ['undone', line('undone')],
    ['failed', { step: 'failed', at: AT, code: 'disk-full' }],
  ])('stays what it was where it is %s, and the other version goes', async (_name, entry) => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanged'), entry);
    expect(await repair()).toBe('none');
    expect([existsSync(paths.folder), versionAt(layout.target)]).toEqual([false, '1.0']);
    expect(lastLine(paths)).toEqual(entry);
  });

  it('waits for the next start where the disk is full', async (context) => {
    if (!CAN_MOUNT) context.skip('needs root on Linux, to mount volumes');
    const volume = (await mountSmallVolume({ size: '64k' })) ?? context.skip('mount is not allowed here');
    layout = await layoutOf(join(volume, 'Nexy.app'));
    putApp(layout.target, '1.0');
    const paths = pathsOf(AT);
    begin(paths, line('exchanging'));
    exchange(paths);
    // Up to the end of the page that the journal's file has already.
    const text = readFileSync(paths.journal, 'utf8');
    writeFileSync(paths.journal, `${text}${' '.repeat(4096 - text.length - 1)}\n`);
    try {
      writeFileSync(join(volume, 'filling'), Buffer.alloc(64 * 1024));
    } catch {
      // Full.
    }
    expect(await repair()).toBe('finished');
    expect(versionAt(layout.target)).toBe('2.0');
    rmSync(join(volume, 'filling'));
    expect(await repair()).toBe('finished');
    expect(lastLine(paths)).toEqual({ step: 'exchanged', at: AT });
  });
});

describe('what cannot be removed', () => {
  /** A volume that is mounted in a folder keeps it from being removed. */
  async function mountIn(folder: string, context: TestContext): Promise<void> {
    if (!CAN_MOUNT) context.skip('needs root on Linux, to mount volumes');
    const volume = await mountSmallVolume({ size: '64k', at: join(folder, 'new', 'mounted') });
    if (volume === null) context.skip('mount is not allowed here');
  }

  it('keeps no app from starting, and is told', async (context) => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanged'), line('undone'));
    await mountIn(paths.folder, context);
    expect(await repair()).toBe('none');
    expect(warnings).toEqual([
      expect.stringMatching(`^The other version at ${paths.folder} could not be removed: Error: EBUSY`),
    ]);
  });

  it('is told also of an older install, and of one without a journal', async (context) => {
    const [older, newer] = [pathsOf('2026-11-22T12:00:00Z'), pathsOf(AT)];
    begin(older);
    begin(newer, line('exchanged'));
    exchange(newer);
    await mountIn(older.folder, context);
    expect(await repair()).toBe('none');
    const stays = expect.stringMatching(`^${older.folder} stays behind: Error: EBUSY`);
    expect(warnings).toEqual([stays]);
    rmSync(older.journal);
    expect(await repair()).toBe('none');
    expect(warnings).toEqual([stays, stays]);
  });

  it('is nothing of a journal that is not one', async () => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanging'));
    exchange(paths);
    // Read through a link, and not written through it.
    renameSync(paths.journal, join(layout.parent, 'elsewhere'));
    symlinkSync('elsewhere', paths.journal);
    await expect(repair()).rejects.toMatchObject({ code: 'ELOOP' });
  });
});

describe('an older install', () => {
  const [earlier, later] = ['2026-11-22T12:00:00Z', '2026-11-23T12:00:00Z'];

  it('goes, where it came to nothing', async () => {
    const [first, second] = [pathsOf(earlier), pathsOf(later)];
    begin(first);
    begin(second, line('exchanged'));
    exchange(second);
    expect(await repair()).toBe('none');
    expect([...beside()].sort()).toEqual([basename(second.folder), basename(second.journal)]);
  });

  it('goes, where the newest is confirmed', async () => {
    const [first, second] = [pathsOf(earlier), pathsOf(later)];
    begin(first, line('exchanged'));
    rmSync(first.newApp, { recursive: true });
    putApp(first.oldApp, '0.9');
    begin(second, line('exchanged'), line('confirmed'));
    exchange(second);
    await repair();
    expect(beside()).toEqual([basename(second.journal)]);
  });

  it('stays, where its version is the one that is in place', async () => {
    const [first, second] = [pathsOf(earlier), pathsOf(later)];
    begin(first, line('exchanged'));
    exchange(first);
    begin(second);
    expect(await repair()).toBe('undone');
    expect([...beside()].sort()).toEqual([basename(first.folder), basename(first.journal)]);
    expect(versionAt(first.oldApp)).toBe('1.0');
  });
});

describe('a staging folder without a journal', () => {
  it.each([['new'], ['old'], ['owner', 'new', 'old'], []])(
    'goes, where it holds only what an install puts there: %s %s %s',
    async (...names) => {
      const { folder } = pathsOf(AT);
      mkdirSync(folder);
      for (const name of names) if (name !== undefined) putApp(join(folder, name), '2.0');
      expect(await repair()).toBe('none');
      expect(beside()).toEqual([]);
    },
  );

  it('stays, where it holds anything else, or is no folder', async () => {
    const [folder, file] = [pathsOf(AT).folder, pathsOf(AT).folder];
    putApp(join(folder, 'new'), '2.0');
    putApp(join(folder, 'letters'), 'of love');
    writeFileSync(file, '');
    expect(await repair()).toBe('none');
    expect(beside()).toHaveLength(2);
    expect(versionAt(join(folder, 'letters'))).toBe('of love');
  });

  it('stays, where there is no app: it may hold the last one', async () => {
    const { newApp, folder } = pathsOf(AT);
    putApp(newApp, '2.0');
    rmSync(layout.target, { recursive: true });
    expect(await repair()).toBe('none');
    expect(beside()).toEqual([basename(folder)]);
  });

  it('leaves the folders of other apps alone', async () => {
    const other = await layoutOf(join(layout.parent, 'Other.app'));
    const { newApp, folder } = stagingPaths(other, makeStagingId(new Date(AT)));
    putApp(newApp, '2.0');
    mkdirSync(pathsOf(AT).folder);
    await repair();
    expect(beside()).toEqual([basename(folder)]);
  });
});

describe('the lock', () => {
  it('is taken to repair, and given back', async () => {
    begin(pathsOf(AT));
    const lock = await takeLock(layout);
    await expect(repair()).rejects.toMatchObject({ code: 'install-busy' });
    await lock.release();
    expect(await repair()).toBe('undone');
    expect(beside()).toEqual([]);
  });

  it('that nobody holds is removed', async () => {
    writeFileSync(layout.lock, '');
    expect(await repair()).toBe('none');
    expect(beside()).toEqual([]);
  });

  it('is not taken, and nothing written, where nothing lies there for us', async () => {
    writeFileSync(join(layout.parent, 'Read me.txt'), '');
    const { mtimeNs } = statSync(layout.parent, { bigint: true });
    expect(await repair()).toBe('none');
    expect(statSync(layout.parent, { bigint: true }).mtimeNs).toBe(mtimeNs);
  });

  it('is not needed where nothing lies there, nor where there is no folder', async () => {
    mkdirSync(`${layout.lock.slice(0, -1)}`);
    expect(await repair()).toBe('none');
    layout = await layoutOf(join(layout.parent, 'absent', 'Nexy.app'));
    expect(await repair()).toBe('none');
  });

  it.each<[string, (lock: string) => void]>([
    ['nothing may be written', (lock) => symlinkSync('elsewhere', lock)],
    ['a folder is in its place', (lock) => mkdirSync(lock)],
  ])('that cannot be taken, since %s, matters only where there is no app to start', async (_name, put) => {
    const paths = pathsOf(AT);
    begin(paths);
    put(layout.lock);
    expect(await repair()).toBe('none');
    expect(existsSync(paths.newApp)).toBe(true);
    rmSync(layout.target, { recursive: true });
    await expect(repair()).rejects.toMatchObject({ code: 'not-writable' });
  });

  it.skipIf(!CAN_MOUNT)(`is not taken on a read-only volume${NEEDS_MOUNT}`, async (context) => {
    const volume = (await mountSmallVolume({ size: '1m' })) ?? context.skip('mount is not allowed here');
    layout = await layoutOf(join(volume, 'Nexy.app'));
    putApp(layout.target, '1.0');
    begin(pathsOf(AT));
    makeReadOnly(volume);
    expect(await repair()).toBe('none');
    expect(versionAt(layout.target)).toBe('1.0');
  });
});

describe('a root script that is at work', () => {
  const STARTED = 'Tue Nov 3 08:45:52 2026';

  async function repairWith(owner: string, listed: string | null): Promise<unknown> {
    const paths = pathsOf(AT);
    begin(paths);
    writeFileSync(join(paths.folder, 'owner'), owner);
    writeScriptedTool(tools, 'ps', [listed === null ? { status: 1 } : { stdout: `${listed}\n` }]);
    return repair().catch((error: unknown) => error);
  }

  it.each([
    [`501 ${STARTED}\n`, STARTED],
    ['501 Tue Nov  3 08:45:52 2026', 'Tue Nov  3 08:45:52 2026'],
    [`words\n501 ${STARTED}  \n`, STARTED],
  ])('and has noted %j, is left to it', async (owner, listed) => {
    expect(await repairWith(owner, listed)).toMatchObject({ code: 'install-busy', details: { pid: 501 } });
    expect(callsOf(tools, 'ps')[0]).toContain('501');
  });

  it.each([
    [`501 ${STARTED}\n`, 'Tue Nov 3 08:45:53 2026'],
    [`501 ${STARTED}\n`, null],
    ['501\n', STARTED],
    ['', STARTED],
    [`x501 ${STARTED}`, STARTED],
  ])('is not the one that noted %j, where ps says %j', async (owner, listed) => {
    expect(await repairWith(owner, listed)).toBe('undone');
  });

  it('is not asked for once the exchange is written down', async () => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanged'));
    exchange(paths);
    writeFileSync(join(paths.folder, 'owner'), `501 ${STARTED}\n`);
    writeScriptedTool(tools, 'ps', [{ stdout: `${STARTED}\n` }]);
    expect(await repair()).toBe('none');
    expect(callsOf(tools, 'ps')).toEqual([]);
  });
});

describe.skipIf(process.getuid?.() !== 0)('what another user has begun (needs root)', () => {
  const [ALICE, BOB] = [65_501, 65_502];

  /** As the kernel answers another user; what real users may do is tried in test/trouble/other-users.test.ts. */
  function actAs(user: number): void {
    const spy = vi.spyOn(process, 'geteuid').mockReturnValue(user);
    onTestFinished(() => spy.mockRestore());
  }

  function own(paths: StagingPaths, user: number): void {
    for (const path of [paths.folder, paths.journal]) if (existsSync(path)) lchownSync(path, user, user);
  }

  it('is left to her, app in place', async () => {
    const paths = pathsOf(AT);
    begin(paths);
    own(paths, ALICE);
    actAs(BOB);
    const { mtimeNs } = statSync(layout.parent, { bigint: true });
    expect(await repair()).toBe('none');
    expect(existsSync(paths.newApp)).toBe(true);
    expect(statSync(layout.parent, { bigint: true }).mtimeNs).toBe(mtimeNs);
    actAs(ALICE);
    expect(await repair()).toBe('undone');
    expect(beside()).toEqual([]);
  });

  it('is repaired by anybody where there is no app', async () => {
    const paths = pathsOf(AT);
    begin(paths, line('exchanging'));
    renameSync(layout.target, paths.oldApp);
    own(paths, ALICE);
    actAs(BOB);
    expect(await repair()).toBe('finished');
    expect(versionAt(layout.target)).toBe('2.0');
  });

  it.each<[string, (user: number) => void, boolean]>([
    ['the app', (user) => chownSync(layout.target, user, user), true],
    ['the folder around it', (user) => chownSync(layout.parent, user, user), true],
    ['neither', () => undefined, false],
  ])('is repaired by root where %s is hers', async (_name, give, isRepaired) => {
    const paths = pathsOf(AT);
    begin(paths);
    own(paths, ALICE);
    give(ALICE);
    expect(await repair()).toBe(isRepaired ? 'undone' : 'none');
    expect(existsSync(paths.folder)).toBe(!isRepaired);
  });

  it('does not hide what is our own', async () => {
    const [hers, ours] = [pathsOf('2026-11-24T12:00:00Z'), pathsOf('2026-11-23T12:00:00Z')];
    for (const paths of [hers, ours]) begin(paths);
    own(hers, ALICE);
    expect(await repair()).toBe('undone');
    expect([...beside()].sort()).toEqual([basename(hers.folder), basename(hers.journal)]);
  });

  it('is left to her also without a journal', async () => {
    const { folder } = pathsOf(AT);
    mkdirSync(folder);
    chownSync(folder, ALICE, ALICE);
    writeFileSync(layout.lock, '');
    await repair();
    expect(beside()).toEqual([basename(folder)]);
  });
});

describe('images that a crash left attached', () => {
  it('are detached first, whether or not anything lies beside the target', async () => {
    const cacheFolder = await temporaryFolder();
    writeScriptedTool(tools, 'hdiutil', [
      { stdout: '<?xml version="1.0"?><plist version="1.0"><dict/></plist>' },
    ]);
    for (const prepare of [() => undefined, () => begin(pathsOf(AT))]) {
      prepare();
      mkdirSync(join(cacheFolder, 'mounts', '99999999-0'), { recursive: true });
      await repair({ cacheFolder });
      expect(readdirSync(join(cacheFolder, 'mounts'))).toEqual([]);
    }
    expect(callsOf(tools, 'hdiutil')).toHaveLength(2);
  });
});
