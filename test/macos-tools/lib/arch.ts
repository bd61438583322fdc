import { spawnSync } from 'node:child_process';
import { readMachine, runMain, ToolEnd } from './tool.ts';

const USAGE =
  'usage: arch\n       arch [-32] [-64] [[-arch_name | -arch arch_name] ...] [-c] [-d envname]... [-e envname=value]... [-h] prog [args ...]\n';
/** The names of arch(1) that a current Mac knows. */
const NAMES = new Set(['arm64', 'arm64e', 'x86_64', 'x86_64h', 'i386']);

await runMain(main);

/** arch(1): without arguments the machine's name; otherwise runs a program as one of the architectures named. */
function main(toolArguments: readonly string[]): number {
  const machine = readMachine();
  if (toolArguments.length === 0) {
    process.stdout.write(`${machine.architecture === 'arm64' ? 'arm64' : 'i386'}\n`);
    return 0;
  }
  const isName = (text: string): boolean => text.startsWith('-');
  const first = toolArguments.findIndex((text) => !isName(text));
  const wanted = toolArguments.slice(0, first === -1 ? undefined : first).map((text) => text.slice(1));
  const unknown = wanted.find((name) => !NAMES.has(name));
  if (unknown !== undefined) throw new ToolEnd(1, `arch: Unknown architecture: ${unknown}\n`);
  const [program, ...rest] = first === -1 ? [] : toolArguments.slice(first);
  if (program === undefined) throw new ToolEnd(1, USAGE);
  const hasRosetta = machine.architecture === 'arm64' && machine.rosetta !== false;
  const runs = new Set<string>(
    machine.architecture === 'arm64' ? ['arm64', ...(hasRosetta ? ['x86_64'] : [])] : ['x86_64', 'i386'],
  );
  if (wanted.length > 0 && !wanted.some((name) => runs.has(name))) {
    throw new ToolEnd(1, `arch: posix_spawnp: ${program}: Bad CPU type in executable\n`);
  }
  const { status, error } = spawnSync(program, rest, { stdio: 'inherit' });
  if (error !== undefined)
    throw new ToolEnd(1, `arch: posix_spawnp: ${program}: No such file or directory\n`);
  return status ?? 1;
}
