import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PackageComponent } from '../../../../src/image/package-contents.ts';
import { PayloadWriter } from './write-payload.ts';

export interface ScriptContext {
  readonly packagePath: string;
  /** Where the payload goes, e.g. `/Applications`. */
  readonly destination: string;
  readonly volume: string;
}

/**
 * Runs a package's `preinstall` or `postinstall` as root, from a folder of its own, with the arguments and the
 * environment that Apple's "Scripts and installation" technical notes name (package, destination, volume, `/`).
 *
 * @returns whether it went well; true where the package has no such script
 */
export function runPackageScript(
  name: 'preinstall' | 'postinstall',
  component: PackageComponent,
  { packagePath, destination, volume }: ScriptContext,
): boolean {
  const files = component.scriptFiles ?? [];
  if (!files.some(({ path, kind }) => path === name && kind === 'file')) return true;
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'PKInstallSandbox.'));
  try {
    const writer = new PayloadWriter({});
    for (const file of files) writer.write(join(folder, file.path), file);
    const script = join(folder, name);
    if (!existsSync(script)) return true;
    const { status } = spawnSync(script, [packagePath, destination, volume, '/'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
      env: {
        PATH: '/bin:/sbin:/usr/bin:/usr/sbin:/usr/libexec',
        HOME: process.env['HOME'] ?? '/var/root',
        USER: 'root',
        SHELL: '/bin/sh',
        DSTROOT: destination,
        DSTVOLUME: volume,
        INSTALLER_TEMP: folder,
        PACKAGE_PATH: packagePath,
        SCRIPT_NAME: name,
        TMPDIR: process.env['TMPDIR'] ?? '/tmp',
      },
    });
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
