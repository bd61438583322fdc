import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

type Architecture = 'arm64' | 'x86_64';

/** Does nothing until it is ended, and holds no processor meanwhile. */
const SOURCE = '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n';

const compiled = new Map<string, Promise<Uint8Array>>();

/**
 * A real program for macOS 11 and later, one slice for each architecture: compiled once for the process.
 *
 * @throws where Apple's command line tools are not installed; the stub in their place would open a window
 */
export function compileProgram(architectures: readonly Architecture[]): Promise<Uint8Array> {
  const key = architectures.join();
  const known = compiled.get(key) ?? compile(architectures);
  compiled.set(key, known);
  return known;
}

async function compile(architectures: readonly Architecture[]): Promise<Uint8Array> {
  await run('/usr/bin/xcode-select', ['-p']).catch((cause: unknown) => {
    throw new Error("Apple's command line tools are needed: run xcode-select --install once.", { cause });
  });
  const folder = await mkdtemp(join(tmpdir(), 'nexy-program-'));
  try {
    const [source, program] = [join(folder, 'program.c'), join(folder, 'program')];
    await writeFile(source, SOURCE);
    await run('/usr/bin/cc', compilerArguments(architectures, source, program));
    return await readFile(program);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Arguments of `cc`. */
export function compilerArguments(
  architectures: readonly Architecture[],
  source: string,
  program: string,
): readonly string[] {
  const slices = architectures.flatMap((architecture) => ['-arch', architecture]);
  return [...slices, '-mmacosx-version-min=11.0', '-o', program, source];
}
