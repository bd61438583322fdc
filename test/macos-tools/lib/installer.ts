import { accessSync, constants, lstatSync, realpathSync, writeSync } from 'node:fs';
import { basename, join, normalize, resolve } from 'node:path';
import { UpdateError } from '../../../src/errors.ts';
import {
  type PackageComponent,
  type PackageContents,
  withPackage,
} from '../../../src/image/package-contents.ts';
import { compareVersions, readVersion } from '../../../src/version.ts';
import { judgePackageTrust } from './packages/package-trust.ts';
import { placeComponent } from './packages/place-component.ts';
import { findReceipt, writeReceipt } from './packages/receipts.ts';
import { runPackageScript } from './packages/run-script.ts';
import {
  assertWithinTemporaryFolder,
  OutsideError,
  PayloadFailure,
  PayloadWriter,
} from './packages/write-payload.ts';
import { readMachine, runMain, ToolEnd } from './tool.ts';

/** Options of installer(8) and how many values each takes. */
const OPTIONS: Readonly<Record<string, { readonly name: string; readonly values: 0 | 1 }>> = {
  '-pkg': { name: 'package', values: 1 },
  '-package': { name: 'package', values: 1 },
  '-target': { name: 'target', values: 1 },
  '-tgt': { name: 'target', values: 1 },
  '-verboseR': { name: 'verboseR', values: 0 },
  '-allowUntrusted': { name: 'allowUntrusted', values: 0 },
};

const USAGE = `Usage: installer [-help] [-dominfo] [-volinfo] [-pkginfo] [-allowUntrusted] [-dumplog]
                 [-verbose | -verboseR] [-vers] [-config] [-plist]
                 [-file <pathToFile>] [-lang <ISOLanguageCode>]
                 [-listiso] [-showChoiceChangesXML] [-applyChoiceChangesXML <pathToFile>]
                 [-showChoicesAfterApplyingChangesXML <pathToFile>] [-query <flag>]
                 -pkg <pathToPackage> -target <[DomainKey|MountPoint]>
`;

const CONTACT =
  'The Installer encountered an error that caused the installation to fail. Contact the software manufacturer for assistance.';

interface Request {
  readonly packagePath: string;
  readonly volume: string;
  readonly isVerbose: boolean;
  readonly allowsUntrusted: boolean;
}

/** All of it goes to standard output, as far as recorded; exit status 1 for every failure (installer(8)). */
async function main(toolArguments: readonly string[]): Promise<number> {
  const request = readRequest(toolArguments);
  if (process.getuid?.() !== 0) return fail('Must be run as root to install this package.');
  const { packagePath } = request;
  try {
    accessSync(packagePath, constants.R_OK);
    return await withPackage(packagePath, (contents) => install(request, contents));
  } catch (error) {
    if (error instanceof ToolEnd) throw error;
    if (error instanceof OutsideError) throw new ToolEnd(70, error.message);
    if (error instanceof UpdateError || lstatSync(packagePath, { throwIfNoEntry: false }) === undefined)
      return fail(`Error - the package path specified was invalid: '${packagePath}'.`);
    throw error;
  }
}

function readRequest(toolArguments: readonly string[]): Request {
  const given = new Map<string, string>();
  const queue = [...toolArguments];
  for (let argument = queue.shift(); argument !== undefined; argument = queue.shift()) {
    const option = Object.hasOwn(OPTIONS, argument) ? OPTIONS[argument] : undefined;
    if (option === undefined)
      throw new ToolEnd(1, `installer: ${argument} is not possible with this double\n${USAGE}`);
    const value = option.values === 1 ? queue.shift() : '';
    if (value === undefined) throw new ToolEnd(1, USAGE);
    given.set(option.name, value);
  }
  const [packagePath, target] = [given.get('package'), given.get('target')];
  if (packagePath === undefined || target === undefined) throw new ToolEnd(1, USAGE);
  if (!target.startsWith('/'))
    throw new ToolEnd(1, `installer: -target ${target} is not possible with this double\n`);
  return {
    packagePath,
    volume: resolve(target),
    isVerbose: given.has('verboseR'),
    allowsUntrusted: given.has('allowUntrusted'),
  };
}

async function install(request: Request, contents: PackageContents): Promise<number> {
  const { packagePath, volume, isVerbose } = request;
  const name = contents.title ?? basename(packagePath, '.pkg');
  say(`Package name is ${name}`);
  const { kind } = await judgePackageTrust(packagePath);
  if (!['none', 'trusted', 'apple-software', 'developer-id'].includes(kind) && !request.allowsUntrusted)
    return fail('Certificate used to sign package is not trusted. Use -allowUntrusted to override.');
  const obstacle = obstacleOf(contents);
  if (obstacle !== null) {
    say(`Cannot install on volume ${volume} because it is disabled.`);
    return fail(obstacle);
  }
  const components = selectedComponents(contents);
  // Before anything is said to be done, and again for each file.
  for (const { installLocation } of components)
    assertWithinTemporaryFolder(join(normalize(join(volume, installLocation)), 'anything'));
  const isUpgrade = components.some(({ identifier }) => findReceipt(identifier ?? '') !== null);
  say(`${isUpgrade ? 'Upgrading' : 'Installing'} at base path ${volume}`);
  const phase = (text: string) => (isVerbose ? print(`installer:${text}\n`) : undefined);
  for (const text of ['Preparing for installation…', 'Preparing the disk…', `Preparing ${name}…`])
    phase(`PHASE:${text}`);
  phase('PHASE:Waiting for other installations to complete…');
  phase('PHASE:Configuring the installation…');
  phase('STATUS:');
  const writer = new PayloadWriter(readMachine().installer ?? {});
  for (const [index, component] of components.entries()) {
    phase(`%${((index / components.length) * 90 + 4).toFixed(6)}`);
    phase('PHASE:Writing files…');
    const failure = await installComponent(component, request, writer);
    if (failure !== null) return fail(`The install failed. (${CONTACT} ${failure})`);
  }
  for (const text of LAST_PHASES) phase(text);
  say(`The ${isUpgrade ? 'upgrade' : 'install'} was successful.`);
  return 0;
}

/** As in installer__verboseR-install-successful.txt. */
const LAST_PHASES = [
  'PHASE:Validating packages…',
  '%97.262500',
  'PHASE:Registering updated applications…',
  '%97.750000',
  'STATUS:',
  'PHASE:Finishing the Installation…',
  'STATUS:',
  '%100.000000',
  'PHASE:The software was successfully installed.',
];

/** @returns what went wrong, or null */
async function installComponent(
  component: PackageComponent,
  { packagePath, volume }: Request,
  writer: PayloadWriter,
): Promise<string | null> {
  const placement = await placeComponent(component, volume);
  const context = { packagePath: realpathSync(packagePath), destination: placement.destination, volume };
  const packageName = component.member === '' ? basename(packagePath) : component.member;
  const scriptFailure = `An error occurred while running scripts from the package “${packageName}”.`;
  if (!runPackageScript('preinstall', component, context)) return scriptFailure;
  if (component.payload === null)
    return 'An unexpected error occurred while extracting files from the package.';
  try {
    for (const path of placement.replaced) writer.removeBundle(path);
    for (const entry of component.payload) {
      const place = placement.placeOf(entry.path);
      if (place !== null) writer.write(place, entry);
    }
  } catch (error) {
    if (!(error instanceof PayloadFailure)) throw error;
    return 'An unexpected error occurred while moving files to the final destination.';
  }
  if (!runPackageScript('postinstall', component, context)) return scriptFailure;
  writeReceipt({
    identifier: component.identifier ?? '',
    version: component.version ?? '0',
    location: component.installLocation.replace(/^\/+/, ''),
    installTime: Math.floor(Date.now() / 1000),
  });
  return null;
}

/** What forbids this package on this Mac: what its Distribution says of systems and places. */
function obstacleOf({ distribution }: PackageContents): string | null {
  if (distribution === null) return null;
  const system = readVersion(readMachine().productVersion);
  const isAllowed = distribution.allowedSystems.some(({ minimum, before }) => {
    const [first, end] = [readVersion(minimum ?? ''), readVersion(before ?? '')];
    return (
      system !== null &&
      (first === null || compareVersions(system, first) >= 0) &&
      (end === null || compareVersions(system, end) < 0)
    );
  });
  if (distribution.allowedSystems.length > 0 && !isAllowed)
    return 'This software is not supported on your system.';
  if (distribution.domains?.localSystem === false) return 'This package cannot be installed for all users.';
  return null;
}

/** Those of chosen choices; all of a package without choices. */
function selectedComponents({ distribution, components }: PackageContents): readonly PackageComponent[] {
  if (distribution === null) return components;
  const unchosen = distribution.choices
    .filter(({ startSelected }) => startSelected === 'false')
    .flatMap(({ packages }) => packages);
  const sources = distribution.packageReferences.filter(
    ({ id, source }) => source !== null && !unchosen.includes(id ?? ''),
  );
  const members = sources.map(({ source }) => decodeURIComponent((source ?? '').replace(/^#/, '')));
  return components.filter(({ member }) => members.includes(member));
}

function say(text: string): void {
  print(`installer: ${text}\n`);
}

function fail(text: string): number {
  say(text);
  return 1;
}

function print(text: string): void {
  writeSync(1, text);
}

await runMain(main);
