import { closeSync, openSync } from 'node:fs';
import { type Volume, type VolumeEntry, withVolume, writeAll, writeFailure } from './image-volume.ts';
import { assertClean, INPUT, runSevenZip, unreadable } from './seven-zip-module.ts';
import { writeVolume } from './write-volume.ts';

/** What lies in a disk image. */
export interface ImageListing {
  readonly volumeName: string;
  readonly fileSystem: 'hfs' | 'apfs';
  readonly entries: readonly ImageEntry[];
}

export interface ImageEntry {
  /** POSIX path below the volume's root. On APFS a control character of a name shows as `_` here. */
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'link';
  /** Permission bits, 0 to 0o7777, or null where the volume has none. */
  readonly mode: number | null;
  /** Bytes; of a link, the length of its target. */
  readonly size: number;
}

/**
 * Lists a disk image with 7-Zip: UDIF or raw, HFS Plus or APFS, any compression that 7-Zip 24.09 reads (zlib,
 * bzip2, LZMA, LZFSE). The image is read on demand, never as a whole into memory.
 *
 * @throws UpdateError `image-encrypted`, `image-unreadable`
 */
export function listImage(path: string): Promise<ImageListing> {
  return withVolume(path, async (volume) => describe(volume));
}

/**
 * Writes exactly the file tree of the image's volume into a folder: links (never followed), hard links, modes,
 * times and odd names as they are in the image.
 *
 * @param folder existing, empty, private; or a function that makes one once the listing is known
 * @throws UpdateError `image-encrypted`, `image-unreadable`, `disk-full`; the folder may then hold a part
 */
export function extractImage(
  path: string,
  folder: string | ((listing: ImageListing) => string | Promise<string>),
): Promise<ImageListing> {
  return withVolume(path, async (volume) => {
    const listing = describe(volume);
    await writeVolume(path, volume, typeof folder === 'string' ? folder : await folder(listing));
    return listing;
  });
}

/** An image that is open for looking at single files. */
export interface ReadableImage {
  readonly listing: ImageListing;
  /**
   * Copies one file out of the image into a new one.
   *
   * @param path as in the listing
   * @param longest copies no more than this many bytes, from the beginning on
   * @throws UpdateError `image-unreadable`, `disk-full`
   */
  copyFile(path: string, destination: string, longest: number): Promise<void>;
}

/**
 * Opens an image to look at single files, without unpacking the others.
 *
 * @throws UpdateError `image-encrypted`, `image-unreadable`, and what `use` throws
 */
export function withImage<T>(path: string, use: (image: ReadableImage) => Promise<T>): Promise<T> {
  return withVolume(path, (volume) =>
    use({
      listing: describe(volume),
      copyFile: (inner, destination, longest) => copyFile(path, volume, inner, destination, longest),
    }),
  );
}

async function copyFile(
  path: string,
  volume: Volume,
  inner: string,
  destination: string,
  longest: number,
): Promise<void> {
  const entry = volume.entries.find(
    (one) => one.kind === 'file' && describeEntry(one, volume).path === inner,
  );
  // HFS Plus keeps what all names of a file show in a hidden one.
  const source =
    volume.entries.find((one) => one.isHardLinkTarget && one.hardLink === entry?.hardLink) ?? entry;
  if (source === undefined) throw unreadable(path, `there is no file ${inner} in it`);
  const descriptor = openSync(destination, 'wx', 0o600);
  let count = 0;
  try {
    const name = `-i!${source.printed}`;
    const run = await runSevenZip(
      ['x', '-y', '-bd', '-spd', '-snl-', '-sns-', '-o/out', INPUT, name],
      volume.slice,
      {
        sink: {
          openFile: () => {
            count += 1;
            return {
              write: (bytes, at) => writeAll(descriptor, bytes.subarray(0, Math.max(0, longest - at)), at),
              close: () => undefined,
            };
          },
        },
      },
    );
    assertClean(run, path);
  } catch (error) {
    throw writeFailure(path, error);
  } finally {
    closeSync(descriptor);
  }
  if (count !== 1) throw unreadable(path, 'its listing and its contents disagree');
}

function describe(volume: Volume): ImageListing {
  return {
    volumeName: volume.name,
    fileSystem: volume.fileSystem,
    entries: volume.entries.filter((entry) => !entry.isHidden).map((entry) => describeEntry(entry, volume)),
  };
}

function describeEntry(entry: VolumeEntry, volume: Volume): ImageEntry {
  const { kind, mode, size } = entry;
  return { path: entry.path ?? entry.printed.slice(volume.prefix.length), kind, mode, size };
}
