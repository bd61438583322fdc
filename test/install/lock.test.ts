import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { layoutOf } from '../../src/install/layout.ts';
import { takeLock } from '../../src/install/lock.ts';
import { CAN_MOUNT, makeReadOnly, mountSmallVolume, NEEDS_MOUNT } from '../support/small-volume.ts';
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

  it.skipIf(!CAN_MOUNT)(`says that the disk is full${NEEDS_MOUNT}`, async (context) => {
    const folder =
      (await mountSmallVolume({ size: '1m', inodes: 1 })) ?? context.skip('mount is not allowed here');
    const layout = await layoutOf(join(folder, 'Nexy.app'));
    await expect(takeLock(layout)).rejects.toMatchObject({
      code: 'disk-full',
      message: `There is no space left beside ${layout.target}. Nothing was changed.`,
      cause: { code: 'ENOSPC' },
    });
  });

  it.skipIf(!CAN_MOUNT)(`says that the volume is read-only${NEEDS_MOUNT}`, async (context) => {
    const folder = (await mountSmallVolume({ size: '1m' })) ?? context.skip('mount is not allowed here');
    makeReadOnly(folder);
    const layout = await layoutOf(join(folder, 'Nexy.app'));
    await expect(takeLock(layout)).rejects.toMatchObject({
      code: 'read-only-volume',
      message: `${layout.target} lies on a volume that cannot be written to. Nothing was changed. Move the app to the Applications folder.`,
      details: { target: layout.target },
      cause: { code: 'EROFS' },
    });
  });
});
