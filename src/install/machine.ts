import type { Tools } from './tools.ts';

/** The Mac that an app is to run on. What cannot be told never blocks an update. */
export interface Machine {
  /** macOS version, e.g. `26.5.2`. */
  readonly systemVersion: string | null;
  /** The hardware's architecture, also where this process is translated. */
  readonly architecture: 'arm64' | 'x86_64' | null;
  /** Whether Apple silicon runs Intel code. */
  readonly hasRosetta: boolean | null;
}

/**
 * Asks the system, not Node: `os.release()` is Darwin's version, and `process.arch` is that of a translated
 * process.
 */
export async function readMachine(tools: Tools): Promise<Machine> {
  const [systemVersion, architecture, hasRosetta] = await Promise.all([
    readSystemVersion(tools),
    readArchitecture(tools),
    readRosetta(tools),
  ]);
  return { systemVersion, architecture, hasRosetta };
}

/** Without SYSTEM_VERSION_COMPAT=0 an old parent process makes sw_vers answer 10.16. */
async function readSystemVersion(tools: Tools): Promise<string | null> {
  const result = await tools
    .run('sw_vers', ['-productVersion'], { environment: { SYSTEM_VERSION_COMPAT: '0' }, timeout: 30_000 })
    .catch(() => null);
  const text = result?.stdout.trim() ?? '';
  return result?.status === 0 && /^\d+(\.\d+)*$/.test(text) ? text : null;
}

/** hw.optional.arm64 tells the hardware also to a translated process; the name is unknown on Intel. */
async function readArchitecture(tools: Tools): Promise<Machine['architecture']> {
  const result = await tools
    .run('sysctl', ['-n', 'hw.optional.arm64'], { timeout: 30_000 })
    .catch(() => null);
  if (result === null) return null;
  return result.status === 0 && result.stdout.trim() === '1' ? 'arm64' : 'x86_64';
}

async function readRosetta(tools: Tools): Promise<boolean | null> {
  const result = await tools.run('arch', ['-x86_64', '/usr/bin/true'], { timeout: 30_000 }).catch(() => null);
  if (result?.status === 0) return true;
  // Linux has an arch of its own, which knows nothing of this.
  return result?.stderr.includes('Bad CPU type') ? false : null;
}
