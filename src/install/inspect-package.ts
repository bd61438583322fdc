import { basename } from 'node:path';
import type { BomEntry } from '../image/bill-of-materials.ts';
import type { Distribution } from '../image/distribution.ts';
import { compareBomAndPayload, type Disagreement } from '../image/package-comparison.ts';
import { type PackageComponent, readPackage } from '../image/package-contents.ts';
import type { PackageInfo } from '../image/package-info.ts';
import type { PayloadEntry } from '../image/package-payload.ts';
import type { XarMember, XarTable } from '../image/xar-table.ts';
import type { InspectOptions } from './inspect.ts';
import { parsePackageSignature } from './package-signature.ts';
import { outputOf } from './tools.ts';

/** What an installer package says of itself; nothing of it is installed or run. */
export interface PackageInspection {
  readonly name: string;
  readonly title: string | null;
  readonly signature: PackageSignatureInspection;
  readonly table: TableInspection;
  /** Null for a component package alone. */
  readonly distribution: Distribution | null;
  readonly components: readonly ComponentInspection[];
}

export interface PackageSignatureInspection {
  /** `valid` where pkgutil trusts it; `not-checked` where pkgutil is not there or was not to be asked. */
  readonly state: 'valid' | 'invalid' | 'unsigned' | 'not-checked';
  /** Names of the certificates that come with it, leaf first. Proved only where the state is `valid`. */
  readonly certificates: readonly string[];
  readonly team: string | null;
  readonly isNotarized: boolean | null;
  /** pkgutil's own words, e.g. `signed by untrusted certificate`. */
  readonly message: string | null;
}

export interface TableInspection {
  /** What the table of contents is hashed with, e.g. `sha1`. */
  readonly checksum: string;
  /** `RSA`, `CMS`; empty for a package that is not signed. */
  readonly signatures: readonly string[];
  readonly members: readonly XarMember[];
}

export interface ComponentInspection extends PackageInfo {
  readonly member: string;
  readonly hasScripts: boolean;
  /** Files that come with the scripts, or null where they cannot be read. */
  readonly scriptFiles: readonly string[] | null;
  /** Null for a kind that cannot be read here. */
  readonly payload: PayloadSummary | null;
  /** Null where it has none. */
  readonly bom: readonly BomEntry[] | null;
  /** Between bill of materials and payload. */
  readonly disagreements: readonly Disagreement[];
}

export interface PayloadSummary {
  readonly folders: number;
  readonly files: number;
  readonly links: number;
  /** Bytes of all files, unpacked. */
  readonly size: number;
}

/** @throws UpdateError `image-unreadable` when it is no flat package. */
export async function inspectPackage(path: string, options: InspectOptions): Promise<PackageInspection> {
  const { title, table, distribution, components } = await readPackage(path);
  return {
    name: basename(path),
    title,
    signature: await inspectSignature(path, table, options),
    table: {
      checksum: table.checksum.style,
      signatures: table.signatures.map(({ style }) => style),
      members: table.members,
    },
    distribution,
    components: components.map(describeComponent),
  };
}

function describeComponent(component: PackageComponent): ComponentInspection {
  const { payload, scriptFiles, ...rest } = component;
  return {
    ...rest,
    scriptFiles: scriptFiles?.map((entry) => entry.path) ?? null,
    payload: payload === null ? null : summaryOf(payload),
    disagreements: compareBomAndPayload(component),
  };
}

function summaryOf(entries: readonly PayloadEntry[]): PayloadSummary {
  const count = (kind: PayloadEntry['kind']) => entries.filter((entry) => entry.kind === kind).length;
  const files = entries.filter(({ kind }) => kind === 'file');
  return {
    folders: count('folder'),
    files: files.length,
    links: count('link'),
    size: files.reduce((sum, { size }) => sum + size, 0),
  };
}

async function inspectSignature(
  path: string,
  { signatures }: XarTable,
  { tools, checksSignature }: InspectOptions,
): Promise<PackageSignatureInspection> {
  const certificates = (signatures[0]?.certificates ?? []).map(({ subject }) => commonName(subject));
  if (!checksSignature || !(await tools.exists('pkgutil')))
    return { state: 'not-checked', certificates, team: null, isNotarized: null, message: null };
  const result = await tools.run('pkgutil', ['--check-signature', path]);
  const { status, team, isNotarized, chain } = parsePackageSignature(result.stdout);
  const state = status === 'no signature' ? 'unsigned' : result.status === 0 ? 'valid' : 'invalid';
  return {
    state,
    certificates: chain.length > 0 ? chain : certificates,
    team,
    isNotarized,
    message: status ?? outputOf(result),
  };
}

/** Node prints a name as lines of `CN=...`. */
function commonName(subject: string): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? subject;
}
