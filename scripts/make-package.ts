/**
 * Makes a flat installer package of an app, like those of electron-builder's `pkg` target, for trying packages where
 * there is no Mac. With --team it is signed by a "Developer ID Installer" made up on the spot: `pkgutil` and
 * `installer` of test/macos-tools trust it on a Mac whose machine.json names the root that is printed.
 *
 *   node scripts/make-package.ts --app Nexy.app --output Nexy.pkg --team NEXYTEAM01
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeAuthority, makeIdentity } from '../test/support/make-identity.ts';
import { makePackage } from '../test/support/make-package.ts';

const USAGE = `Usage: node scripts/make-package.ts --app <path.app> --output <path.pkg> [options]

  --install-location <folder>  where the app goes (default: /Applications)
  --identifier <id>            of the package and its receipt (default: the app's bundle id)
  --version <version>          of the package and its receipt (default: the app's short version)
  --title <title>              shown by the Installer (default: the app's name)
  --min-os <version>           the oldest macOS that it may be installed on
  --scripts <folder>           preinstall, postinstall and what they need
  --relocatable                the Installer may put the app where an older copy lies
  --version-checked            the Installer leaves the app alone where a newer one is in place
  --component                  a component package alone, without a Distribution
  --cpio <odc|newc>            form of the payload (default: odc)
  --team <id>                  sign it as this team (ten capital letters and digits)
  --team-name <name>           (default: Nexy Ltd)
  --notarized                  staple a ticket to it, which only the doubles believe
  --help

Prints the package's path; with --team also the SHA-256 of the root for "appleRoots" of a machine.json.
`;

const { values } = parseArgs({
  options: {
    app: { type: 'string' },
    output: { type: 'string' },
    'install-location': { type: 'string' },
    identifier: { type: 'string' },
    version: { type: 'string' },
    title: { type: 'string' },
    'min-os': { type: 'string' },
    scripts: { type: 'string' },
    relocatable: { type: 'boolean' },
    'version-checked': { type: 'boolean' },
    component: { type: 'boolean' },
    cpio: { type: 'string', default: 'odc' },
    team: { type: 'string' },
    'team-name': { type: 'string' },
    notarized: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

function readScripts(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

/** The parts of a plan that were given. */
function given<Key extends string, Value>(key: Key, value: Value | undefined): { [name in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [name in Key]: Value });
}

const { app, output, team, cpio } = values;
if (values.help === true) process.stdout.write(USAGE);
else if (app === undefined || output === undefined || (cpio !== 'odc' && cpio !== 'newc')) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const authority = makeAuthority();
  const name = given('name', values['team-name']);
  const identity =
    team === undefined ? undefined : makeIdentity({ kind: 'installer', team, authority, ...name });
  await makePackage({
    app,
    output,
    payload: { format: cpio },
    isProduct: values.component !== true,
    ...given('installLocation', values['install-location']),
    ...given('identifier', values.identifier),
    ...given('version', values.version),
    ...given('title', values.title),
    ...given('minimumSystemVersion', values['min-os']),
    ...given('isRelocatable', values.relocatable),
    ...given('isVersionChecked', values['version-checked']),
    ...given('isNotarized', values.notarized),
    ...given('scripts', values.scripts === undefined ? undefined : readScripts(values.scripts)),
    ...given('identity', identity),
  });
  process.stdout.write(`${output}\n`);
  if (identity !== undefined) process.stdout.write(`${authority.fingerprint}\n`);
}
