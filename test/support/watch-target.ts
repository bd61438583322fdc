import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { REPOSITORY } from './fixtures.ts';

export interface TargetWatch {
  /** How often it looked, and how often nothing was there. */
  end(): Promise<{ readonly polls: number; readonly missed: number }>;
}

/** Another process that looks for the app without a pause. */
export async function watchTarget(app: string): Promise<TargetWatch> {
  const script = join(REPOSITORY, 'test', 'chaos', 'watch-target.ts');
  const child = spawn(process.execPath, [script, app], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    end: async () => {
      const told = once(child.stdout, 'data');
      child.stdin.end();
      const [text] = await told;
      return JSON.parse(String(text));
    },
  };
}
