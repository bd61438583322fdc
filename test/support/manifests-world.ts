import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Channel } from '../../src/config.ts';
import { type ManifestParts, makeManifestText } from '../../src/release/manifests/manifest-document.ts';
import type { ReleaseReporter } from '../../src/release/reporter.ts';
import { parseVersion } from '../../src/version.ts';

export const POLICY = {
  owner: 'Seregawpn/Nexy_production',
  downloadBase: 'https://github.com',
  allowedHosts: [],
  allowLoopback: false,
};

/** A manifest as the publish flow writes it. `build` stands for the bytes: another one has other digests. */
export function publishedManifest(
  version: string,
  channel: Channel,
  { build = 'a', ...more }: Partial<ManifestParts> & { readonly build?: string } = {},
): string {
  const digest = build.repeat(64).slice(0, 64);
  const parts: ManifestParts = {
    version: parseVersion(version),
    channel,
    tag: `v${version}`,
    releaseDate: '2026-03-12T00:00:00Z',
    assets: [
      { name: 'Nexy.dmg', size: 1000, sha256: digest },
      { name: 'Nexy.pkg', size: 1001, sha256: digest },
      { name: 'LATEST_CHANGES.md', size: 10, sha256: digest },
    ],
    minimumOs: '11.0',
    architecture: 'universal2',
    buildNumber: null,
    critical: false,
    rolloutPercentage: null,
    ...more,
  };
  return makeManifestText(parts, POLICY);
}

/** Makes a folder that holds these files. */
export function writeFolder(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Names and texts of all files of a folder; `.git` left out. */
export function readFolder(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder).filter((name) => name !== '.git');
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Inode and time of each file: a file that was written anew has others, even with the same bytes. */
export function stampsOf(folder: string): Readonly<Record<string, string>> {
  const stamp = (name: string): string => {
    const { ino, mtimeNs, ctimeNs, mode } = statSync(join(folder, name), { bigint: true });
    return [ino, mtimeNs, ctimeNs, mode].join(' ');
  };
  const names = readdirSync(folder).filter((name) => name !== '.git');
  return Object.fromEntries(names.map((name) => [name, stamp(name)]));
}

/** A reporter that remembers. */
export function listeningReporter(): ReleaseReporter & {
  readonly steps: string[];
  readonly warnings: string[];
} {
  const steps: string[] = [];
  const warnings: string[] = [];
  return {
    steps,
    warnings,
    step: (name) => void steps.push(name),
    warn: (text) => void warnings.push(text),
    progress: () => undefined,
  };
}
