import { execFile } from 'node:child_process';
import { symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ReleaseHost } from '../../src/lab/release-host/release-host.ts';
import { REPOSITORY } from './fixtures.ts';
import type { PublishReport } from './publish-child.ts';
import { startPublisher } from './publisher-process.ts';

const run = promisify(execFile);

/**
 * The publisher as people run it: compiled. From its sources, Node's compiler would be in the process too.
 *
 * @param folder where it may write
 * @returns the path of the compiled publish-child.ts
 */
export async function compilePublisher(folder: string): Promise<string> {
  const configuration = {
    extends: join(REPOSITORY, 'tsconfig.build.json'),
    compilerOptions: {
      rootDir: REPOSITORY,
      outDir: folder,
      noCheck: true,
      declaration: false,
      sourceMap: false,
    },
    include: [],
    files: [join(REPOSITORY, 'test', 'support', 'publish-child.ts')],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  const compiler = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [compiler, '-p', join(folder, 'tsconfig.json')], { cwd: REPOSITORY });
  return join(folder, 'test', 'support', 'publish-child.js');
}

/**
 * Publishes a sparse file, which takes no room where it is read from.
 *
 * @param size bytes
 * @param folder for the inbox
 */
export async function publishLargeFile(
  host: ReleaseHost,
  program: string,
  { version, size, folder }: { readonly version: string; readonly size: number; readonly folder: string },
): Promise<PublishReport | null> {
  await writeFile(join(folder, 'LATEST_CHANGES.md'), 'Large.\n');
  await writeFile(join(folder, 'Nexy.dmg'), '');
  await truncate(join(folder, 'Nexy.dmg'), size);
  const names = ['Nexy.dmg', 'LATEST_CHANGES.md'] as const;
  return startPublisher(host, { version, inbox: folder, names }, program).report;
}
