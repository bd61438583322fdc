import type { Entity } from './attachments.ts';
import type { Image } from './image.ts';

const RAW_HINTS = {
  gpt: 'GUID_partition_scheme',
  apm: 'Apple_partition_scheme',
  hfs: '48465300-0000-11AA-AA11-00306543ECAC',
  apfs: '7C3457EF-0000-11AA-AA11-00306543ECAC',
  container: 'EF57347C-0000-11AA-AA11-00306543ECAC',
  volume: '41504653-0000-11AA-AA11-00306543ECAC',
} as const;

/** How the disk in an image is divided. */
export function schemeOf(image: Image): 'gpt' | 'apm' | 'none' {
  if (image.format.kind === 'raw') {
    const scheme = image.format.volumes[0]?.scheme;
    return scheme === 'gpt' ? 'gpt' : scheme === 'apple-partition-map' ? 'apm' : 'none';
  }
  const names = (image.udif?.partitions ?? []).map((partition) => partition.name).join('\n');
  return names.includes('GPT Header') ? 'gpt' : names.includes('Apple_partition_map') ? 'apm' : 'none';
}

/**
 * The devices of an attached image, in the order in which `attach -plist` gives them, which is not that of
 * their numbers (recordings' README, "Easy to get wrong" 1): HFS on GPT: volume, disk
 * (hdiutil__attach-plist-hfs-gpt.plist); on an Apple map: map, disk, volume (…-hfs-apple-partition-map.plist);
 * APFS: disk, partition, volume, container (hdiutil__attach-plist-apfs.plist).
 */
export function describeEntities(
  scheme: 'gpt' | 'apm' | 'none',
  fileSystem: 'hfs' | 'apfs',
  number: number,
  synthesized: number,
): readonly Entity[] {
  const disk = `/dev/disk${number}`;
  const plain = (device: string, hint: string, rawHint: string = hint): Entity => ({
    device,
    hint,
    rawHint,
    isMountable: false,
    volumeKind: null,
  });
  const whole = plain(disk, scheme === 'none' ? '' : RAW_HINTS[scheme]);
  const slice = scheme === 'none' ? disk : `${disk}s${scheme === 'apm' ? 2 : 1}`;
  const map = plain(`${disk}s1`, 'Apple_partition_map');
  if (fileSystem === 'apfs') {
    const container = plain(`/dev/disk${synthesized}`, RAW_HINTS.container);
    const volume: Entity = {
      device: `/dev/disk${synthesized}s1`,
      hint: RAW_HINTS.volume,
      rawHint: RAW_HINTS.volume,
      isMountable: true,
      volumeKind: 'apfs',
    };
    if (scheme === 'none') return [whole, volume, container];
    return [
      ...(scheme === 'apm' ? [map] : []),
      whole,
      plain(slice, 'Apple_APFS', RAW_HINTS.apfs),
      volume,
      container,
    ];
  }
  const volume: Entity = {
    device: slice,
    hint: scheme === 'none' ? '' : 'Apple_HFS',
    rawHint: scheme === 'gpt' ? RAW_HINTS.hfs : scheme === 'apm' ? 'Apple_HFS' : '',
    isMountable: true,
    volumeKind: 'hfs',
  };
  if (scheme === 'none') return [volume];
  return scheme === 'apm' ? [map, whole, volume] : [volume, whole];
}

/** Sorted as `info` and plain `attach` show them: the image's disk and slices, then the synthesized one's. */
export function byDevice(entities: readonly Entity[]): readonly Entity[] {
  const key = ({ device }: Entity) => device.replaceAll(/\d+/g, (digits) => digits.padStart(9, '0'));
  return [...entities].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
