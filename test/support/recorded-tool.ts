import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Recording {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly status: number;
}

/** Makes a program that answers as a recorded run of the real tool did, whatever it is asked. */
export function writeRecordedTool(
  folder: string,
  name: string,
  { stdout = '', stderr = '', status }: Recording,
): void {
  const path = join(folder, name);
  writeFileSync(`${path}.stdout`, stdout);
  writeFileSync(`${path}.stderr`, stderr);
  writeFileSync(path, `#!/bin/sh\ncat '${path}.stdout'\ncat '${path}.stderr' >&2\nexit ${status}\n`, {
    mode: 0o755,
  });
}
