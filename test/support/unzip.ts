import { mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';

interface SevenZip {
  readonly FS: { mkdir(path: string): void; mount(type: unknown, options: object, path: string): void };
  readonly NODEFS: unknown;
  callMain(commandArguments: readonly string[]): number | undefined;
}
type Factory = (options: { print(line: string): void; printErr(line: string): void }) => Promise<SevenZip>;

/** Unpacks a ZIP archive into a folder. */
export async function unzip(archive: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const lines: string[] = [];
  // The package's types describe a CommonJS export; imported from an ES module it is the default one.
  const { default: create } = (await import('7z-wasm')) as unknown as { default: Factory };
  const sevenZip = await create({ print: (line) => lines.push(line), printErr: (line) => lines.push(line) });
  for (const [mountPoint, root] of [
    ['/in', dirname(archive)],
    ['/out', folder],
  ] as const) {
    sevenZip.FS.mkdir(mountPoint);
    sevenZip.FS.mount(sevenZip.NODEFS, { root }, mountPoint);
  }
  const status = sevenZip.callMain(['x', '-y', '-o/out', `/in/${basename(archive)}`]);
  if (status !== 0 && status !== undefined)
    throw new Error(`${archive} could not be unpacked:\n${lines.join('\n')}`);
}
