import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/**
 * The licences of all libraries that a bundle was made of.
 *
 * @param inputs paths of everything that went into the bundle, relative to `root`
 * @throws Error where a library has none
 */
export async function collectLicenses(root: string, inputs: readonly string[]): Promise<string> {
  const folders = new Set(
    inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
  );
  const licenses = [...folders].toSorted().map((folder) => readLicense(resolve(root, folder)));
  return `${(await Promise.all(licenses)).join('\n\n')}\n`;
}

async function readLicense(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
  const files = (await readdir(folder)).filter((file) => /^licen[cs]e/i.test(file)).toSorted();
  if (files.length === 0) throw new Error(`${name} is bundled, and there is no licence in ${folder}.`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
}
