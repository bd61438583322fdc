import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFailure } from '../check-report.ts';

const RESOURCES = join(import.meta.dirname, '..', '..', 'resources');
const SCRIPTS = ['watchdog.sh', 'authorized-install.sh', 'install-functions.sh'] as const;

/**
 * Loads what the next update will need of this version: its modules, the system calls, the scripts, the config. The
 * version before runs this from the staged copy before it offers it, so it opens nothing and changes nothing.
 *
 * @param config path of `updater.yml`; null where the app brings its config in its code
 * @returns the exit status
 */
export async function runSelfTest(config: string | null): Promise<number> {
  try {
    const [{ loadNativeCalls }, { loadConfig }] = await Promise.all([
      import('../native-calls.ts'),
      import('../load-config.ts'),
      import('../run-check.ts'),
      import('../prepare-update.ts'),
      import('../updater/flows.ts'),
      import('../install/undo.ts'),
      import('got'),
      import('./window-schema.ts'),
      import('./proxy-agent.ts'),
      ...SCRIPTS.map((name) => readFile(join(RESOURCES, name))),
    ]);
    await loadNativeCalls();
    if (config !== null) await loadConfig(config);
    return 0;
  } catch (error) {
    const { sentence } = describeFailure(error, {
      code: 'payload-incompatible',
      consequence: 'This version could not update itself.',
    });
    process.stderr.write(`${sentence}\n`);
    return 1;
  }
}
