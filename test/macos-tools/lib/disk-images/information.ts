import { userInfo } from 'node:os';
import { UpdateError } from '../../../../src/errors.ts';
import { readImageFormat } from '../../../../src/image/image-format.ts';
import { ToolEnd } from '../tool.ts';
import { oneOperand, parseArguments } from './arguments.ts';
import { verifyPacked } from './attach.ts';
import { listAttachments } from './attachments.ts';
import { byDevice, schemeOf } from './entities.ts';
import { describeFormat, failure, type Image, openImage } from './image.ts';
import { type PropertyListValue, writePropertyList } from './property-list.ts';
import { type Partition, verifyUdif } from './udif.ts';

/** Version of Apple's framework in hdiutil__info-nothing-attached.txt (macOS 15.7.7). */
const FRAMEWORK = '671.140.2';

/** `hdiutil info`. */
export function info(toolArguments: readonly string[]): number {
  const { options } = parseArguments('info', {}, toolArguments);
  const attachments = listAttachments().filter((attachment) => attachment.phase === 'attached');
  const entitiesOf = (attachment: (typeof attachments)[number]) =>
    byDevice(attachment.entities).map((entity) => ({
      hint: entity.rawHint,
      device: entity.device,
      mountPoint: entity.isMountable ? attachment.mountPoint : null,
    }));
  if (options.has('plist')) {
    const images = attachments.map(
      (attachment): PropertyListValue => ({
        autodiskmount: true,
        blockcount: attachment.blocks,
        blocksize: 512,
        diskimages2: false,
        'hdid-pid': attachment.owner.pid,
        'icon-path': '/System/Library/PrivateFrameworks/DiskImages.framework/Resources/CDiskImage.icns',
        'image-encrypted': false,
        'image-path': attachment.image.path,
        'image-type': attachment.imageType,
        'owner-uid': process.getuid?.() ?? 0,
        removable: true,
        'system-entities': entitiesOf(attachment).map(({ hint, device, mountPoint }) => ({
          ...(hint === '' ? {} : { 'content-hint': hint }),
          'dev-entry': device,
          ...(mountPoint === null ? {} : { 'mount-point': mountPoint }),
        })),
        writeable: false,
      }),
    );
    // `images` is absent when nothing is attached (hdiutil__info-plist-nothing-attached.plist).
    const rest = { framework: FRAMEWORK, revision: FRAMEWORK, vendor: 'Apple' };
    process.stdout.write(writePropertyList(images.length === 0 ? rest : { ...rest, images }));
    return 0;
  }
  const lines = [`framework       : ${FRAMEWORK}`, `driver          : ${FRAMEWORK}`];
  if (attachments.length > 0) lines.push(`images          : ${attachments.length}`);
  for (const attachment of attachments)
    lines.push(
      '='.repeat(48),
      `image-path      : ${attachment.image.path}`,
      `image-type      : ${attachment.imageType}`,
      `blockcount      : ${attachment.blocks}`,
      `mounting user   : ${userInfo().username}`,
      'mounting mode   : <unknown>',
      `process ID      : ${attachment.owner.pid}`,
      'framework name  : DiskImages',
      ...entitiesOf(attachment).map(
        ({ device, hint, mountPoint }) => `${device}\t${hint}\t${mountPoint ?? ''}`,
      ),
    );
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

/** `hdiutil verify`. Through a pipe only the last line comes (hdiutil__verify-valid.txt). */
export async function verify(toolArguments: readonly string[]): Promise<number> {
  const parsed = parseArguments('verify', {}, toolArguments);
  const path = oneOperand('verify', parsed);
  try {
    const image = await openImage('verify', path);
    // Not recorded: an image without a trailer has no checksum.
    if (image.udif === null) throw new ToolEnd(1, `hdiutil: verify: "${path}" has no checksum\n`);
    await verifyUdif(image.udif, verifyPacked);
    if (!parsed.options.has('quiet'))
      process.stdout.write(`hdiutil: verify: checksum of "${path}" is VALID\n`);
    return 0;
  } catch (error) {
    throw failure('verify', error);
  }
}

/** `hdiutil isencrypted`. The recordings' README knows the fields alone, not the whole output. */
export async function isEncrypted(toolArguments: readonly string[]): Promise<number> {
  const parsed = parseArguments('isencrypted', {}, toolArguments);
  const path = oneOperand('isencrypted', parsed);
  const encrypted = await readImageFormat(path).then(
    () => false,
    (error: unknown) => {
      if (error instanceof UpdateError && error.code === 'image-encrypted') return true;
      throw failure('isencrypted', error);
    },
  );
  process.stdout.write(
    parsed.options.has('plist')
      ? writePropertyList({ encrypted })
      : `encrypted: ${encrypted ? 'YES' : 'NO'}\n`,
  );
  return 0;
}

/** `hdiutil imageinfo`. Text as in hdiutil__imageinfo-text.txt; of the plist form only key names are known. */
export async function imageInfo(toolArguments: readonly string[]): Promise<number> {
  const parsed = parseArguments('imageinfo', { format: 0, checksum: 0 }, toolArguments);
  const image = await openImage('imageinfo', oneOperand('imageinfo', parsed));
  const description = describeImage(image);
  if (parsed.options.has('format')) process.stdout.write(`${describeFormat(image).letters}\n`);
  else if (parsed.options.has('checksum')) process.stdout.write(`${hex(image.udif?.masterChecksum ?? 0)}\n`);
  else if (parsed.options.has('plist')) process.stdout.write(writePropertyList(description));
  else process.stdout.write(`${textOf(description, '').join('\n')}\n`);
  return 0;
}

function describeImage(image: Image): Readonly<Record<string, PropertyListValue>> {
  const { type, letters } = describeFormat(image);
  const sectors = image.udif?.sectors ?? Math.ceil(image.bytes / 512);
  const packed = image.udif?.dataLength ?? image.bytes;
  const partitions = image.udif?.partitions ?? [];
  return {
    'Format Description': type,
    'Class Name': image.udif === null ? 'CRawDiskImage' : 'CUDIFDiskImage',
    'Checksum Type': image.udif === null ? 'none' : 'CRC32',
    'Size Information': {
      'Compressed Ratio': Math.round((packed / Math.max(1, sectors * 512)) * 1e6) / 1e6,
      'Sector Count': sectors,
      'Total Bytes': sectors * 512,
      'Compressed Bytes': packed,
    },
    'Checksum Value': image.udif === null ? '' : hex(image.udif.masterChecksum),
    Segments: { 0: image.identity.path },
    'Partition Information': Object.fromEntries(
      partitions.map((partition, index) => [String(index), describePartition(partition, index)]),
    ),
    Format: letters,
    Properties: {
      Encrypted: false,
      'Kernel Compatible': true,
      Checksummed: image.udif !== null,
      'Software License Agreement': image.udif?.resources.has('LPic') ?? false,
      Partitioned: schemeOf(image) !== 'none',
      Compressed: letters !== 'UDRW' && letters !== 'UDRO',
    },
  };
}

function describePartition(partition: Partition, index: number): PropertyListValue {
  return {
    Name: partition.name,
    'Partition Number': index,
    'Checksum Type': 'CRC32',
    'Checksum Value': hex(partition.checksum),
  };
}

function textOf(value: PropertyListValue, indent: string): readonly string[] {
  if (typeof value !== 'object') return [`${indent}${String(value)}`];
  return Object.entries(value).flatMap(([key, item]) =>
    typeof item === 'object'
      ? [`${indent}${key}:`, ...textOf(item, `${indent}    `)]
      : [`${indent}${key}: ${item}`],
  );
}

function hex(checksum: number | null): string {
  return `$${(checksum ?? 0).toString(16).toUpperCase().padStart(8, '0')}`;
}
