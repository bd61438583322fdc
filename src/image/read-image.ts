import { type Volume, type VolumeEntry, withVolume } from './image-volume.ts';
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
