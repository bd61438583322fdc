import { readMachine, runMain, ToolEnd } from './tool.ts';

const USAGE =
  'usage: sysctl [-bdehiNnoqx] [-B bufsize] [-f filename] name[=value] ...\n       sysctl [-bdehNnoqx] [-B bufsize] -a\n';

function main(toolArguments: readonly string[]): number {
  const first = toolArguments.findIndex((argument) => !argument.startsWith('-'));
  const flags = toolArguments.slice(0, first < 0 ? undefined : first).join('');
  const names = first < 0 ? [] : toolArguments.slice(first);
  if (/[^-ina]/.test(flags) || (names.length === 0 && !flags.includes('a'))) throw new ToolEnd(1, USAGE);
  const values = describeMachine();
  let status = 0;
  for (const name of flags.includes('a') ? Object.keys(values) : names) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) process.stdout.write(flags.includes('n') ? `${value}\n` : `${name}: ${value}\n`);
    else if (!flags.includes('i')) {
      process.stderr.write(`sysctl: unknown oid '${name}'\n`);
      status = 1;
    }
  }
  return status;
}

/** An Intel Mac knows neither of the first two names. */
function describeMachine(): Readonly<Record<string, string>> {
  const machine = readMachine();
  const silicon =
    machine.architecture === 'arm64' ? { 'hw.optional.arm64': '1', 'sysctl.proc_translated': '0' } : {};
  return {
    ...silicon,
    'hw.machine': machine.architecture,
    'kern.osproductversion': machine.productVersion,
    'kern.osversion': machine.buildVersion,
    'kern.ostype': 'Darwin',
  };
}

await runMain(main);
