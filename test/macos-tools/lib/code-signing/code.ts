import { existsSync, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { readAttribute } from './attributes.ts';
import { type Components, readEmbeddedSignature, SLOT } from './blobs.ts';
import { type CodeSigningCode, CodeSigningError, failAs } from './code-signing-error.ts';
import { isAppRootClean, isFrameworkRootClean } from './directory-check.ts';
import { isMachO, type MachOFile, type MachOSlice, parseMachO } from './mach-o.ts';
import { type PropertyList, parsePropertyList, stringAt } from './property-list.ts';

/** Files of a `_CodeSignature` folder by slot, for code that cannot hold its signature itself. */
export const META_FILES: ReadonlyMap<number, string> = new Map([
  [SLOT.codeDirectory, 'CodeDirectory'],
  [SLOT.requirements, 'CodeRequirements'],
  [SLOT.resourceDirectory, 'CodeResources'],
  [4, 'CodeTopDirectory'],
  [SLOT.entitlements, 'CodeEntitlements'],
  [6, 'CodeRepSpecific'],
  [SLOT.entitlementsDer, 'CodeEntitlementDER'],
  ...[0, 1, 2, 3, 4].map((n) => [SLOT.alternateCodeDirectories + n, `CodeDirectory-${n + 1}`] as const),
  [SLOT.signature, 'CodeSignature'],
]);

/** Code as it lies on disk: a bundle or one file (behaviour of Security's bundlediskrep.cpp and diskrep.cpp). */
export interface Code {
  readonly path: string;
  readonly executable: string;
  readonly executableBytes: Buffer;
  /** Null where the executable is no Mach-O file: a script, say. */
  readonly image: MachOFile | null;
  /** As codesign prints it after `Format=`. */
  readonly format: string;
  readonly bundle: BundleParts | null;
  /** Faults of form that only a strict check reports. */
  readonly strictFaults: readonly CodeSigningCode[];
  readonly isAppLike: boolean;
}

interface BundleParts {
  /** What sealed paths are relative to: `X.app/Contents`, `X.framework/Versions/Current`. */
  readonly base: string;
  readonly infoPlist: string | null;
  readonly info: PropertyList;
  readonly isFramework: boolean;
  /** `Resources/`, or empty for a flat bundle. */
  readonly resources: string;
}

/**
 * Recognises code. A main executable inside of a bundle stands for the whole bundle.
 *
 * @throws CodeSigningError, or an error of the file system with its code
 */
export function openCode(path: string): Code {
  const absolute = resolve(path);
  if (statSync(absolute).isDirectory()) return openBundle(absolute);
  const bundle = bundleOfExecutable(absolute);
  return bundle === null ? openFile(absolute) : openBundle(bundle);
}

/** Slots of the signature of one architecture (or of code without any), and where they come from. */
export function readComponents(code: Code, slice: MachOSlice | null): Components {
  const parts = new Map<number, Buffer>();
  const embedded = slice === null ? null : readEmbedded(slice);
  for (const [slot, part] of embedded ?? []) if (slot !== SLOT.resourceDirectory) parts.set(slot, part);
  if (code.bundle === null) {
    if (slice?.infoPlist != null) parts.set(SLOT.infoPlist, slice.infoPlist);
    if (slice === null) readAttributes(code.executable, parts);
    return parts;
  }
  for (const [slot, name] of META_FILES) {
    const file = join(code.bundle.base, '_CodeSignature', name);
    // Parts come from the executable or from files, never from both, the resource directory apart.
    const isWanted = slot === SLOT.resourceDirectory || embedded === null;
    if (isWanted && existsSync(file) && lstatSync(file).isFile()) parts.set(slot, readFileSync(file));
  }
  const { infoPlist } = code.bundle;
  if (infoPlist !== null) parts.set(SLOT.infoPlist, readFileSync(infoPlist));
  return parts;
}

/** A single file that is no Mach-O one keeps its signature in extended attributes. */
function readAttributes(path: string, parts: Map<number, Buffer>): void {
  for (const [slot, name] of META_FILES) {
    const value = readAttribute(path, `com.apple.cs.${name}`);
    if (value !== null) parts.set(slot, value);
  }
}

function readEmbedded(slice: MachOSlice): Components | null {
  if (slice.signature === null) return null;
  const { offset, size } = slice.signature;
  if (offset + size > slice.bytes.length) throw new CodeSigningError('signature');
  return readEmbeddedSignature(slice.bytes.subarray(offset, offset + size));
}

function openFile(path: string): Code {
  const executableBytes = readFileSync(path);
  const image = isMachO(executableBytes) ? parseMachO(executableBytes) : null;
  return {
    path,
    executable: path,
    executableBytes,
    image,
    format: formatOf(image),
    bundle: null,
    strictFaults: [],
    isAppLike: false,
  };
}

function formatOf(image: MachOFile | null): string {
  if (image === null) return 'generic';
  const names = image.slices.map(({ architecture }) => architecture).join(' ');
  return image.isFat ? `Mach-O universal (${names})` : `Mach-O thin (${names})`;
}

interface Layout {
  readonly base: string;
  readonly infoPlist: string;
  readonly executables: string;
  readonly resources: string;
  readonly isFramework: boolean;
  readonly isAppShaped: boolean;
}

function layoutOf(root: string): Layout {
  if (existsSync(join(root, 'Contents'))) {
    const base = join(root, 'Contents');
    return {
      base,
      infoPlist: join(base, 'Info.plist'),
      executables: join(base, 'MacOS'),
      resources: 'Resources/',
      isFramework: false,
      isAppShaped: true,
    };
  }
  const versioned = join(root, 'Versions', 'Current');
  const isVersioned = existsSync(versioned);
  const base = isVersioned ? versioned : root;
  const hasResources = existsSync(join(base, 'Resources'));
  return {
    base,
    infoPlist: hasResources ? join(base, 'Resources', 'Info.plist') : join(base, 'Info.plist'),
    executables: base,
    resources: hasResources ? 'Resources/' : '',
    isFramework: isVersioned,
    isAppShaped: !isVersioned,
  };
}

function openBundle(root: string): Code {
  const layout = layoutOf(root);
  const infoPlist = existsSync(layout.infoPlist) ? layout.infoPlist : null;
  const info = infoPlist === null ? {} : readInfo(infoPlist);
  const name = stringAt(info, 'CFBundleExecutable') ?? basename(root).replace(/\.[^.]*$/, '');
  const named = join(layout.executables, name);
  const hasExecutable = !name.includes('/') && name !== '' && existsSync(named) && statSync(named).isFile();
  if (!hasExecutable && infoPlist === null) throw new CodeSigningError('bad-bundle');
  // Without an executable the Info.plist takes its place.
  const executable = hasExecutable ? named : (infoPlist ?? named);
  const executableBytes = readFileSync(executable);
  const image = isMachO(executableBytes) ? parseMachO(executableBytes) : null;
  const isApp = stringAt(info, 'CFBundlePackageType') === 'APPL';
  const kind = hasExecutable ? `bundle with ${formatOf(image)}` : 'bundle';
  return {
    path: root,
    executable,
    executableBytes,
    image,
    format: isApp && hasExecutable ? `app ${kind}` : kind,
    bundle: {
      base: layout.base,
      infoPlist,
      info,
      isFramework: layout.isFramework,
      resources: layout.resources,
    },
    strictFaults: findStrictFaults(root, layout, executable, infoPlist),
    isAppLike: isApp && layout.isAppShaped && hasExecutable,
  };
}

function readInfo(path: string): PropertyList {
  try {
    return parsePropertyList(readFileSync(path));
  } catch {
    // CFBundle makes do with an empty dictionary; the seal tells what is wrong with the file.
    return {};
  }
}

function findStrictFaults(
  root: string,
  layout: Layout,
  executable: string,
  infoPlist: string | null,
): readonly CodeSigningCode[] {
  const faults: CodeSigningCode[] = [];
  const isContentsBundle = layout.base === join(root, 'Contents');
  if (isContentsBundle && !isAppRootClean(root)) faults.push('unsealed-root');
  if (layout.isFramework && !failAs('unsealed-framework-root', () => isFrameworkRootClean(root)))
    faults.push('unsealed-framework-root');
  for (const file of [executable, infoPlist])
    if (file !== null && !lstatSync(file).isFile()) faults.push('not-regular');
  // A framework's top-level link has to lead to the executable of the current version.
  const shortcut = join(root, basename(executable));
  if (layout.isFramework && existsSync(shortcut) && realpathSync(shortcut) !== realpathSync(executable))
    faults.push('ambiguous-bundle');
  return faults;
}

function bundleOfExecutable(path: string): string | null {
  const folder = dirname(path);
  if (basename(folder) !== 'MacOS' || basename(dirname(folder)) !== 'Contents') return null;
  const root = dirname(dirname(folder));
  const infoPlist = join(root, 'Contents', 'Info.plist');
  if (!existsSync(infoPlist)) return null;
  return stringAt(readInfo(infoPlist), 'CFBundleExecutable') === basename(path) ? root : null;
}

/** Path of the main executable relative to the resource base, or null where it lies elsewhere. */
export function executableInBase(code: Code): string | null {
  if (code.bundle === null) return null;
  const path = relative(code.bundle.base, code.executable);
  return path.startsWith('..') ? null : path;
}
