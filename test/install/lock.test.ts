import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { layoutOf } from '../../src/install/layout.ts';
import { takeLock } from '../../src/install/lock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function newLayout() {
  return layoutOf(join(await temporaryFolder(), 'Nexy.app'));
}

describe('the lock of a target', () => {
  it('is held by one at a time, and goes when it is given back', async () => {
    const layout = await newLayout();
    const lock = await takeLock(layout);
    expect(statSync(layout.lock).mode & 0o777).toBe(0o644);
    await expect(takeLock(layout)).rejects.toMatchObject({
      code: 'install-busy',
      message: `Process ${process.pid} is installing an update of ${layout.target} right now. Nothing was changed. Try again when it is done.`,
      details: { target: layout.target, pid: process.pid },
    });
    await lock.release();
    expect(existsSync(layout.lock)).toBe(false);
    await (await takeLock(layout)).release();
  });

  it('is busy also where its owner did not leave a name', async () => {
    const layout = await newLayout();
    const lock = await takeLock(layout);
    writeFileSync(layout.lock, '');
    await expect(takeLock(layout)).rejects.toMatchObject({
      code: 'install-busy',
      message: expect.stringMatching(/^Another process is installing /),
      details: { pid: null },
    });
    await lock.release();
  });

  it.each<[string, (lock: string) => void, string]>([
    ['a link', (lock) => symlinkSync('elsewhere', lock), 'ELOOP'],
    ['a folder', (lock) => mkdirSync(lock), 'EISDIR'],
  ])('is refused where %s is in its place', async (_name, put, code) => {
    const layout = await newLayout();
    put(layout.lock);
    await expect(takeLock(layout)).rejects.toMatchObject({
      code: 'not-writable',
      message: `Beside ${layout.target} nothing can be written (${code}). Nothing was changed. Update it as its owner, or ask an administrator.`,
      details: { target: layout.target },
      cause: { code },
    });
  });

  it('is not taken where the path cannot be one', async () => {
    const layout = { ...(await newLayout()), lock: 'nul\0' };
    await expect(takeLock(layout)).rejects.toMatchObject({ code: 'not-writable' });
  });

  it('is not taken where the system calls cannot be loaded, and that is what is said', async () => {
    vi.resetModules();
    vi.doMock('koffi', () => {
      throw new Error('no such library');
    });
    onTestFinished(() => {
      vi.doUnmock('koffi');
      vi.resetModules();
    });
    const fresh = await import('../../src/install/lock.ts');
    await expect(fresh.takeLock(await newLayout())).rejects.toMatchObject({ code: 'swap-failed' });
  });

  const canMount = process.platform === 'linux' && process.getuid?.() === 0;
  it.skipIf(!canMount)(
    'says that the disk is full (needs root on Linux, for a small tmpfs)',
    async (context) => {
      const folder = await temporaryFolder();
      const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=1', 'tmpfs', folder]);
      if (mount.status !== 0) context.skip('mount is not allowed here');
      onTestFinished(() => void spawnSync('umount', [folder]));
      const layout = await layoutOf(join(folder, 'Nexy.app'));
      await expect(takeLock(layout)).rejects.toMatchObject({
        code: 'disk-full',
        message: `There is no space left beside ${layout.target}. Nothing was changed.`,
        cause: { code: 'ENOSPC' },
      });
    },
  );
});
