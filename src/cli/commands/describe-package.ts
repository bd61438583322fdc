import type { Distribution } from '../../image/distribution.ts';
import type { Disagreement } from '../../image/package-comparison.ts';
import type { ComponentInspection, PackageInspection } from '../../install/inspect-package.ts';
import { quote } from '../../quote.ts';
import { formatBytes, type Terminal } from '../terminal.ts';

/** Prints what `inspect` found in an installer package. */
export function describePackage(inspection: PackageInspection, terminal: Terminal): void {
  const { name, title, signature, table, distribution, components } = inspection;
  const line = (label: string, text: string) => terminal.say(`    ${label.padEnd(13)} ${plain(text)}`);
  terminal.say(`  ${terminal.style('bold', name)}`);
  if (title !== null) line('title', quote(title));
  const { state, certificates, message, isNotarized } = signature;
  const by = certificates[0] === undefined ? '' : `, ${quote(certificates[0])}`;
  const said = message === null ? '' : ` (${message})`;
  line('signature', `${state.replace('-', ' ')}${by}${said}${isNotarized === true ? ', notarized' : ''}`);
  line('archive', `${table.members.length} members, table hashed with ${table.checksum}`);
  if (distribution !== null) describeDistribution(distribution, line);
  for (const component of components) describeComponent(component, line);
}

/** Names in a package are of anybody's choosing: nothing of them may move the cursor. */
function plain(text: string): string {
  return [...text].map((letter) => (letter < ' ' || letter === '\u007f' ? '?' : letter)).join('');
}

type Line = (label: string, text: string) => void;

function describeDistribution(distribution: Distribution, line: Line): void {
  const { allowedSystems, hostArchitectures, domains, choices, checks, packageReferences } = distribution;
  const systems = allowedSystems.map(({ minimum, before }) =>
    [minimum ?? 'any', ...(before === null ? [] : [`before ${before}`])].join(' '),
  );
  line(
    'needs',
    `macOS ${systems.join(' or ') || 'any'}, ${hostArchitectures.join(' or ') || 'any processor'}`,
  );
  const sources = packageReferences.flatMap(({ source }) => source ?? []);
  line('refers to', sources.map(quote).join(', ') || 'nothing');
  for (const { id, startSelected, customLocation } of choices) {
    const place = customLocation === null ? '' : `, to ${quote(customLocation)}`;
    line(
      'choice',
      `${quote(id ?? '')}${startSelected === null ? '' : `, selected: ${startSelected}`}${place}`,
    );
  }
  if (domains !== null) {
    const names = { anywhere: 'anywhere', currentUserHome: 'home folder', localSystem: 'this Mac' } as const;
    const allowed = Object.entries(names).filter(([key]) => domains[key as keyof typeof names]);
    line('may go to', allowed.map(([, name]) => name).join(', ') || 'nowhere');
  }
  const run = [
    checks.installationCheck ? 'installation check' : null,
    checks.volumeCheck ? 'volume check' : null,
    checks.hasScript ? 'JavaScript' : null,
    checks.allowsExternalScripts ? 'programs' : null,
  ].filter((text) => text !== null);
  if (run.length > 0) line('checks', `runs before anything is installed: ${run.join(', ')}`);
}

function describeComponent(component: ComponentInspection, line: Line): void {
  const { identifier, version, installLocation, isRelocatable, relocates, versionChecked, bundles } =
    component;
  line('package', `${identifier ?? 'without an identifier'} ${version ?? ''}`);
  line('installs to', `${installLocation}${isRelocatable ? ' (relocatable: may go elsewhere)' : ''}`);
  if (relocates.length > 0) line('relocates', relocates.join(', '));
  if (versionChecked.length > 0) line('keeps newer', versionChecked.join(', '));
  if (component.hasScripts) {
    const names = component.scripts.join(', ');
    line('scripts', `runs programs of its own as root${names === '' ? '' : `: ${names}`}`);
  }
  for (const { id, path, shortVersion, bundleVersion } of bundles)
    line('bundle', `${path}: ${id ?? 'no id'} ${shortVersion ?? '-'} (${bundleVersion ?? '-'})`);
  const { payload, bom, disagreements } = component;
  line(
    'payload',
    payload === null
      ? 'of a kind that cannot be read here'
      : `${payload.files} files in ${payload.folders} folders, ${payload.links} links, ${formatBytes(payload.size)}`,
  );
  line('bill', bom === null ? 'none' : `${bom.length} entries`);
  for (const disagreement of disagreements.slice(0, MOST_LINES)) line('disagree', describe(disagreement));
  if (disagreements.length > MOST_LINES) line('disagree', `and ${disagreements.length - MOST_LINES} more`);
}

const MOST_LINES = 10;

const WORDS: Readonly<Record<Disagreement['what'], string>> = {
  missing: 'is listed and not there',
  unlisted: 'is there and not listed',
  kind: 'is listed as something else than it is',
  size: 'is listed with another size',
  link: 'is listed as a link to something else',
};

function describe({ path, what }: Disagreement): string {
  return `${quote(path)} ${WORDS[what]}`;
}
