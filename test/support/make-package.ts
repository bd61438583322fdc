import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readBundle } from '../../src/bundle/bundle.ts';
import { makeBillOfMaterials } from './make-bill-of-materials.ts';
import { type CpioOptions, makeCpio, type PackedFile } from './make-cpio.ts';
import type { Identity } from './make-identity.ts';
import { escapeXml, writeXar } from './make-xar.ts';

/** A package to be made, as electron-builder's `pkg` target makes one: pkgbuild(1), then productbuild(1). */
export interface PackagePlan {
  /** The bundle that it installs. */
  readonly app: string;
  /** Path of the package; what is there is replaced. */
  readonly output: string;
  /** Folder that the app goes into; `/Applications` when left out. */
  readonly installLocation?: string;
  /** Identifier of the component package, and of its receipt; the app's bundle id when left out. */
  readonly identifier?: string;
  /** Version of the component package, and of its receipt; the app's short version when left out. */
  readonly version?: string;
  readonly isRelocatable?: boolean;
  readonly isVersionChecked?: boolean;
  /** Texts of `preinstall`, `postinstall` and what these need. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Who signs it; not signed when left out. */
  readonly identity?: Identity;
  /** Whether a notarization ticket is stapled to it. */
  readonly isNotarized?: boolean;
  /** False makes a component package alone, without a `Distribution`. */
  readonly isProduct?: boolean;
  readonly title?: string;
  /** `allowed-os-versions` of the `Distribution`. */
  readonly minimumSystemVersion?: string;
  readonly hostArchitectures?: readonly string[];
  readonly payload?: PayloadPlan;
  /** Change what is written, to make a package that no builder would make. */
  readonly changes?: PackageChanges;
}

export interface PayloadPlan extends CpioOptions {
  readonly packing?: 'gzip' | 'none';
  /** Further files, by their path below the install location (`./other.txt`). */
  readonly extraFiles?: readonly PackedFile[];
}

export interface PackageChanges {
  readonly packageInfo?: (text: string) => string;
  readonly distribution?: (text: string) => string;
  readonly payload?: (files: readonly PackedFile[]) => readonly PackedFile[];
  /** What the bill of materials lists; what the payload holds when left out. */
  readonly bom?: (files: readonly PackedFile[]) => readonly PackedFile[];
  /** Further members of the archive. */
  readonly members?: readonly (readonly [string, Buffer])[];
}

/**
 * Makes a flat package: `PackageInfo`, `Bom`, `Payload` and `Scripts` of one component, below a `Distribution`.
 *
 * @returns path of the package
 */
export async function makePackage(plan: PackagePlan): Promise<string> {
  const { changes = {}, payload: { extraFiles = [], packing = 'gzip', ...cpio } = {} } = plan;
  const pack = (files: readonly PackedFile[], how: 'gzip' | 'none') =>
    how === 'gzip' ? gzipSync(makeCpio(files, cpio)) : makeCpio(files, cpio);
  const top: PackedFile = { path: '.', text: null };
  const planned = [top, ...readTree(plan.app, `./${basename(plan.app)}`), ...extraFiles];
  const files = changes.payload?.(planned) ?? planned;
  const description = await describe(plan, files);
  const component: [string, Buffer][] = [
    ['Bom', makeBillOfMaterials(changes.bom?.(files) ?? files)],
    ['Payload', pack(files, packing)],
    ['PackageInfo', Buffer.from(changes.packageInfo?.(packageInfo(description)) ?? packageInfo(description))],
  ];
  if (plan.scripts !== undefined)
    component.push(['Scripts', pack([top, ...scriptFiles(plan.scripts)], 'gzip')]);
  const text = distribution(description);
  const product: [string, Buffer][] = [['Distribution', Buffer.from(changes.distribution?.(text) ?? text)]];
  const inner = component.map(([name, bytes]): [string, Buffer] => [`${description.member}/${name}`, bytes]);
  const members = plan.isProduct === false ? component : [...product, ...inner];
  const ticket = plan.isNotarized === true ? { trailer: makeTicket() } : {};
  const signature = plan.identity === undefined ? {} : { identity: plan.identity };
  return writeXar(plan.output, [...members, ...(changes.members ?? [])], { ...signature, ...ticket });
}

interface Description {
  readonly plan: PackagePlan;
  readonly member: string;
  readonly identifier: string;
  readonly version: string;
  readonly bundle: { readonly id: string; readonly attributes: string };
  readonly count: number;
  readonly kilobytes: number;
}

async function describe(plan: PackagePlan, files: readonly PackedFile[]): Promise<Description> {
  const { bundleId, shortVersion, bundleVersion } = await readBundle(plan.app);
  const id = escapeXml(bundleId ?? '');
  const versions = [
    ['CFBundleShortVersionString', shortVersion],
    ['CFBundleVersion', bundleVersion],
  ] as const;
  const attributes = versions.map(([key, value]) => (value === null ? '' : ` ${key}="${escapeXml(value)}"`));
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text ?? ''), 0);
  return {
    plan,
    member: `${plan.identifier ?? bundleId ?? 'component'}.pkg`,
    identifier: escapeXml(plan.identifier ?? bundleId ?? ''),
    version: escapeXml(plan.version ?? shortVersion ?? bundleVersion ?? '0'),
    bundle: { id, attributes: attributes.join('') },
    count: files.length,
    kilobytes: Math.ceil(bytes / 1024),
  };
}

/** Elements and their order as pkgbuild writes them. */
function packageInfo({ plan, identifier, version, bundle, count, kilobytes }: Description): string {
  const path = escapeXml(`./${basename(plan.app)}`);
  const list = (name: string, isFull: boolean | undefined) =>
    isFull === true ? `<${name}><bundle id="${bundle.id}"/></${name}>` : `<${name}/>`;
  const scripts = Object.keys(plan.scripts ?? {}).filter((name) => /^(?:pre|post)install$/.test(name));
  const run = scripts.map((name) => `<${name} file="./${name}"/>`);
  return `<?xml version="1.0" encoding="utf-8"?>
<pkg-info overwrite-permissions="true" relocatable="false" identifier="${identifier}" postinstall-action="none" version="${version}" format-version="2" generator-version="InstallCmds-860" install-location="${escapeXml(plan.installLocation ?? '/Applications')}" auth="root">
    <payload numberOfFiles="${count}" installKBytes="${kilobytes}"/>
    <bundle path="${path}" id="${bundle.id}"${bundle.attributes}/>
    ${list('bundle-version', plan.isVersionChecked)}
    ${list('upgrade-bundle', true)}
    <update-bundle/>
    <atomic-update-bundle/>
    ${list('strict-identifier', true)}
    ${list('relocate', plan.isRelocatable)}
    ${run.length === 0 ? '' : `<scripts>${run.join('')}</scripts>`}
</pkg-info>
`;
}

/** As `productbuild --synthesize` makes it, with electron-builder's `domains`. */
function distribution({ plan, member, identifier, version, bundle, kilobytes }: Description): string {
  const { title = basename(plan.app, '.app'), minimumSystemVersion } = plan;
  const architectures = plan.hostArchitectures ?? ['arm64', 'x86_64'];
  const allowed =
    minimumSystemVersion === undefined
      ? ''
      : `<volume-check><allowed-os-versions><os-version min="${minimumSystemVersion}"/></allowed-os-versions></volume-check>`;
  return `<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="2">
    <title>${escapeXml(title)}</title>
    <pkg-ref id="${identifier}">
        <bundle-version><bundle${bundle.attributes} id="${bundle.id}" path="${escapeXml(basename(plan.app))}"/></bundle-version>
    </pkg-ref>
    ${allowed}
    <options customize="never" require-scripts="false" hostArchitectures="${architectures.join(',')}"/>
    <choices-outline>
        <line choice="default"><line choice="${identifier}"/></line>
    </choices-outline>
    <choice id="default"/>
    <choice id="${identifier}" visible="false"><pkg-ref id="${identifier}"/></choice>
    <pkg-ref id="${identifier}" version="${version}" onConclusion="none" installKBytes="${kilobytes}">#${escapeXml(member)}</pkg-ref>
    <domains enable_anywhere="false" enable_currentUserHome="false" enable_localSystem="true"/>
</installer-gui-script>
`;
}

/** Everything in a folder, parents first, names in order, under other paths. */
function readTree(folder: string, path: string): readonly PackedFile[] {
  const { mode } = lstatSync(folder);
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const inside = entries.flatMap((entry): readonly PackedFile[] => {
    const [from, to] = [join(folder, entry.name), `${path}/${entry.name}`];
    if (entry.isDirectory()) return readTree(from, to);
    if (entry.isSymbolicLink()) return [{ path: to, text: null, linkTarget: readlinkSync(from) }];
    return [{ path: to, text: readFileSync(from), mode: lstatSync(from).mode & 0o7777 }];
  });
  return [{ path, text: null, mode: mode & 0o7777 }, ...inside];
}

function scriptFiles(scripts: Readonly<Record<string, string>>): readonly PackedFile[] {
  return Object.entries(scripts).map(([name, text]) => ({ path: `./${name}`, text, mode: 0o755 }));
}

/** What stapler(1) puts behind a package: two trailers of 16 bytes (`t8lr`) with the ticket between them. */
function makeTicket(): Buffer {
  const ticket = Buffer.from('not a ticket of Apple\n');
  const trailer = (type: number, length: number) => {
    const bytes = Buffer.alloc(16);
    bytes.write('t8lr', 'latin1');
    bytes.writeUInt16LE(1, 4);
    bytes.writeUInt16LE(type, 6);
    bytes.writeUInt32LE(length, 8);
    return bytes;
  };
  return Buffer.concat([trailer(1, 0), ticket, trailer(2, ticket.length)]);
}
