import type { Channel } from '../../src/config.ts';
import { makeManifest, readManifest } from '../../src/manifest/manifest.ts';
import type {
  HeldManifest,
  ManifestFile,
  ManifestShelf,
} from '../../src/release/manifests/manifest-folder.ts';

/** A folder of manifests as it is read, without a disk. */
export function shelfOf(files: Readonly<Record<string, string>>): ManifestShelf {
  const hold = (name: string): HeldManifest | null => {
    const text = files[name];
    if (text === undefined) return null;
    const bytes = Buffer.from(text);
    const manifest = makeManifest(bytes, readManifest(bytes));
    return { name, bytes, manifest, problem: manifest === null ? 'it is none' : null };
  };
  const archives = Object.keys(files)
    .filter((name) => /^manifest_\d/.test(name))
    .sort()
    .flatMap((name) => hold(name) ?? []);
  const channels: Record<Channel, HeldManifest | null> = {
    stable: hold('manifest.json'),
    beta: hold('manifest_beta.json'),
  };
  return { folder: 'manifests', channels, archives };
}

/** What the files are after a change. */
export function apply(
  files: Readonly<Record<string, string>>,
  change: { readonly files: readonly ManifestFile[] },
): Readonly<Record<string, string>> {
  return { ...files, ...Object.fromEntries(change.files.map(({ name, text }) => [name, text])) };
}
