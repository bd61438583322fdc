import { readMachine, runMain, ToolEnd } from './tool.ts';

const USAGE = 'Usage: sw_vers [--help|--productName|--productVersion|--productVersionExtra|--buildVersion]\n';

function main([argument, ...rest]: readonly string[]): number {
  const machine = readMachine();
  // Programs that ask for it see macOS 11 and later as 10.16.
  const version = process.env['SYSTEM_VERSION_COMPAT'] === '1' ? '10.16' : machine.productVersion;
  const extra = machine.productVersionExtra;
  if (argument === undefined) {
    process.stdout.write(
      `ProductName:\t\t${machine.productName}\nProductVersion:\t\t${version}\n${
        // One tab here (sw_vers__sequoia.txt).
        extra === undefined ? '' : `ProductVersionExtra:\t${extra}\n`
      }BuildVersion:\t\t${machine.buildVersion}\n`,
    );
    return 0;
  }
  const values: Readonly<Record<string, string>> = {
    productName: machine.productName,
    productVersion: version,
    productVersionExtra: extra ?? '',
    buildVersion: machine.buildVersion,
  };
  const name = argument.replace(/^--?/, '');
  if (rest.length > 0 || name === argument || !Object.hasOwn(values, name)) throw new ToolEnd(1, USAGE);
  process.stdout.write(`${values[name]}\n`);
  return 0;
}

await runMain(main);
