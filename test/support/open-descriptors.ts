import { readdir, readlink } from 'node:fs/promises';

/**
 * The open files of this process at a path. Only Linux tells (proc(5)): elsewhere there are none, and what a test says
 * of them holds for nothing.
 */
export async function openDescriptorsOf(path: string): Promise<readonly string[]> {
  const names = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => null)));
  return names.filter((_name, index) => targets[index] === path);
}
