import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether nothing but `Contents` lies in the root of an app bundle, except the few files that Finder and the
 * software updater leave there. Nothing in the root is sealed, so nothing else may be there.
 */
export function isAppRootClean(root: string): boolean {
  return readdirSync(root).every((name) => {
    const status = lstatSync(join(root, name));
    if (name === 'Contents') return status.isDirectory();
    const isKnown = ['.LSOverride', '.DS_Store', 'Icon\r', '.SoftwareDepot.tracking'].includes(name);
    return isKnown && status.isFile() && (status.mode & 0o111) === 0;
  });
}

/** Whether the root of a versioned framework holds only `Versions` and links into the current version. */
export function isFrameworkRootClean(root: string): boolean {
  const current = readlinkSync(join(root, 'Versions', 'Current'));
  const versions = readdirSync(join(root, 'Versions')).filter((name) => name !== '.DS_Store');
  const areVersionsClean = versions.every((name) => {
    const status = lstatSync(join(root, 'Versions', name));
    return name === 'Current' ? status.isSymbolicLink() : status.isDirectory();
  });
  const hasVersion = versions.some((name) => name !== 'Current');
  if (!areVersionsClean || !hasVersion || !/^(\.\/)?(\.\.[^/]+|\.?[^./][^/]*)$/.test(current)) return false;
  return readdirSync(root).every((name) => {
    const status = lstatSync(join(root, name));
    if (name === 'Versions') return status.isDirectory();
    if (status.isSymbolicLink()) {
      const target = readlinkSync(join(root, name)).replace(/^\.\//, '');
      return [`Versions/Current/${name}`, `Versions/${current}/${name}`].includes(target);
    }
    return ['.DS_Store', 'module.map'].includes(name) && status.isFile() && (status.mode & 0o111) === 0;
  });
}

/** Whether a `_CodeSignature` folder holds only the given files; an empty `CodeSignature` does no harm. */
export function isMetaFolderClean(folder: string, used: ReadonlySet<string>): boolean {
  return readdirSync(folder).every((name) => {
    const status = lstatSync(join(folder, name));
    if (!status.isFile()) return false;
    return used.has(name) || (name === 'CodeSignature' && status.size === 0);
  });
}
