import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync, renameSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { extractImage, type ImageListing, listImage } from '../../../../src/image/read-image.ts';
import { assertClean, INPUT, runSevenZip } from '../../../../src/image/seven-zip-module.ts';
import { readMachine, ToolEnd } from '../tool.ts';
import { oneOperand, type ParsedArguments, parseArguments } from './arguments.ts';
import {
  type Attachment,
  claim,
  currentOwner,
  isSameImage,
  listAttachments,
  remove,
  update,
  workFolderFor,
} from './attachments.ts';
import { byDevice, describeEntities, schemeOf } from './entities.ts';
import { describeFormat, failure, type Image, openImage } from './image.ts';
import { agreeToLicence } from './licence.ts';
import { type PropertyListValue, writePropertyList } from './property-list.ts';
import { BadImage, verifyUdif } from './udif.ts';

/** hdiutil(1), "attach". */
const OPTIONS: Readonly<Record<string, number>> = {
  readonly: 0,
  readwrite: 0,
  nokernel: 0,
  kernel: 0,
  notremovable: 0,
  mount: 1,
  nomount: 0,
  mountroot: 1,
  mountrandom: 1,
  mountpoint: 1,
  nobrowse: 0,
  union: 0,
  owners: 1,
  drivekey: 1,
  section: 1,
  verify: 0,
  noverify: 0,
  ignorebadchecksums: 0,
  noignorebadchecksums: 0,
  idme: 0,
  noidme: 0,
  idmereveal: 0,
  noidmereveal: 0,
  idmetrash: 0,
  noidmetrash: 0,
  autoopen: 0,
  noautoopen: 0,
  autoopenro: 0,
  noautoopenro: 0,
  autoopenrw: 0,
  noautoopenrw: 0,
  autofsck: 0,
  noautofsck: 0,
};

/** `hdiutil attach`. */
export async function attach(toolArguments: readonly string[]): Promise<number> {
  const parsed = parseArguments('attach', OPTIONS, toolArguments);
  const { options } = parsed;
  warn(toolArguments, options);
  const path = oneOperand('attach', parsed);
  for (const unable of ['shadow', 'section', 'readwrite', 'union'])
    if (options.has(unable)) throw new ToolEnd(1, `hdiutil: attach: the double does not do -${unable}\n`);
  try {
    const image = await openImage('attach', path);
    const known = listAttachments().find((other) => isSameImage(other, { image: image.identity }));
    // Apple's framework gives an image that is attached already once more, with the mount point that it has.
    if (known?.phase === 'attached') return report(known, options);
    // hdiutil__attach-resource-temporarily-unavailable.txt: another process is at it.
    if (known !== undefined) throw new BadImage('Resource temporarily unavailable');
    if (image.udif !== null) agreeToLicence(image.udif);
    if (image.udif !== null && !options.has('noverify') && !options.has('ignorebadchecksums'))
      await verifyUdif(image.udif, verifyPacked);
    const attached = await show(image, options);
    if (!options.has('plist') && !options.has('quiet')) process.stdout.write(checksumLines(image, options));
    return report(attached, options);
  } catch (error) {
    throw failure('attach', error);
  }
}

/** Checks the partitions with 7-Zip, which compares each with its checksum. */
export async function verifyPacked(path: string): Promise<boolean> {
  const { size } = lstatSync(realpathSync(path));
  const run = await runSevenZip(['t', '-tdmg', '-bd', INPUT], { path, offset: 0, length: size });
  try {
    assertClean(run, path);
    return true;
  } catch {
    return false;
  }
}

async function show(image: Image, options: ParsedArguments['options']): Promise<Attachment> {
  const isMounted = !options.has('nomount') && options.get('mount')?.[0] !== 'suppressed';
  let begun: Attachment | null = null;
  try {
    if (!isMounted) begun = begin(image, await listImage(image.path), null);
    else
      await extractImage(image.path, (listing) => {
        begun = begin(image, listing, chooseMountPoint(options, listing.volumeName));
        mkdirSync(begun.workFolder ?? '', { mode: 0o700 });
        return begun.workFolder ?? '';
      });
    const attachment: Attachment | null = begun;
    if (attachment === null) throw new BadImage('no mountable file systems');
    return finish(attachment);
  } catch (error) {
    if (begun !== null) remove({ ...(begun as Attachment), mountPoint: null });
    throw error;
  }
}

function begin(image: Image, listing: ImageListing, place: Place | null): Attachment {
  const isApfs = listing.fileSystem === 'apfs';
  const workFolder = place === null ? null : workFolderFor(place.mountPoint);
  const attachment = claim((number, synthesized) => ({
    number,
    synthesized: isApfs ? synthesized : null,
    image: image.identity,
    owner: currentOwner(),
    phase: 'attaching',
    mountPoint: place?.mountPoint ?? null,
    keepsMountPoint: place?.exists ?? false,
    workFolder,
    entities: describeEntities(schemeOf(image), listing.fileSystem, number, synthesized),
    blocks: image.udif?.sectors ?? Math.ceil(image.bytes / 512),
    imageType: describeFormat(image).type,
  }));
  if (attachment === null) throw new BadImage('Resource temporarily unavailable');
  return attachment;
}

/** Shows the tree in one step. */
function finish(attachment: Attachment): Attachment {
  const { workFolder, mountPoint } = attachment;
  if (workFolder !== null && mountPoint !== null) {
    // A folder can only be moved by those who may write to it.
    const { mode } = lstatSync(workFolder);
    chmodSync(workFolder, 0o700);
    renameSync(workFolder, mountPoint);
    chmodSync(mountPoint, mode & 0o7777);
  }
  const attached: Attachment = { ...attachment, phase: 'attached' };
  update(attached);
  return attached;
}

interface Place {
  readonly mountPoint: string;
  readonly exists: boolean;
}

/** The mount point with its real path, as attach reports it. */
function chooseMountPoint(options: ParsedArguments['options'], volumeName: string): Place {
  const given = options.get('mountpoint')?.[0];
  if (given !== undefined) {
    const parent = realpathSync(dirname(resolve(given)));
    const mountPoint = join(parent, basename(resolve(given)));
    const exists = isThere(mountPoint);
    // A real mount would hide what is in the folder. That cannot be done here.
    if (exists && readdirSync(mountPoint).length > 0) throw new BadImage('Resource busy');
    return { mountPoint, exists };
  }
  const random = options.get('mountrandom')?.[0];
  if (random !== undefined) {
    const folder = realpathSync(random);
    for (;;) {
      const mountPoint = join(folder, `dmg.${randomName()}`);
      if (!isThere(mountPoint)) return { mountPoint, exists: false };
    }
  }
  const root = options.get('mountroot')?.[0] ?? '/Volumes';
  mkdirSync(root, { recursive: true });
  const name = volumeName.replaceAll('/', ':');
  for (let count = 0; ; count += 1) {
    const mountPoint = join(realpathSync(root), count === 0 ? name : `${name} ${count}`);
    if (!isThere(mountPoint)) return { mountPoint, exists: false };
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Six characters, as mkdtemp(3) makes them. */
function randomName(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: 6 }, () => letters[Math.floor(Math.random() * letters.length)]).join('');
}

function report(attachment: Attachment, options: ParsedArguments['options']): number {
  if (options.has('plist')) {
    const entities = attachment.entities.map(
      (entity): PropertyListValue => ({
        'content-hint': entity.hint,
        'dev-entry': entity.device,
        ...(entity.isMountable && attachment.mountPoint !== null
          ? { 'mount-point': attachment.mountPoint }
          : {}),
        'potentially-mountable': entity.isMountable,
        'unmapped-content-hint': entity.rawHint,
        ...(entity.volumeKind === null ? {} : { 'volume-kind': entity.volumeKind }),
      }),
    );
    process.stdout.write(writePropertyList({ 'system-entities': entities }));
  } else if (!options.has('quiet')) {
    // hdiutil__attach-plain-apfs-five-volumes.txt: columns of 20 and 31, cut there, and TABs.
    const lines = byDevice(attachment.entities).map((entity) => {
      const mountPoint = entity.isMountable ? (attachment.mountPoint ?? '') : '';
      return `${entity.device.padEnd(20)}\t${entity.hint.slice(0, 31).padEnd(31)}\t${mountPoint}\n`;
    });
    process.stdout.write(lines.join(''));
  }
  return 0;
}

/** hdiutil__attach-plain-hfs-gpt.txt, …-checksum-alignment.txt: names are cut at 36 characters and right-aligned. */
function checksumLines(image: Image, options: ParsedArguments['options']): string {
  if (image.udif === null || options.has('noverify')) return '';
  const hex = (checksum: number | null) => `$${(checksum ?? 0).toString(16).toUpperCase().padStart(8, '0')}`;
  const lines = image.udif.partitions.flatMap(({ name, checksum }) => [
    `Checksumming ${name}…`,
    `${name.slice(0, 36).padStart(36)}: verified   CRC32 ${hex(checksum)}`,
  ]);
  return `${[...lines, `verified   CRC32 ${hex(image.udif.masterChecksum)}`].join('\n')}\n`;
}

/** Notices that Apple's tool writes to stderr although all is well. */
function warn(toolArguments: readonly string[], options: ParsedArguments['options']): void {
  if (options.has('idme') || options.has('noidme'))
    process.stderr.write('hdiutil: attach: WARNING: ignoring IDME options (obsolete)\n');
  if (Number.parseInt(readMachine().productVersion, 10) < 27) return;
  // hdiutil__attach-no-such-file-macos27-french.txt; how other options than these are spelled is not recorded.
  const flags = toolArguments.filter((argument) => argument.startsWith('-'));
  const spelled = [
    ...(options.has('nobrowse') ? ['--mountOptions nobrowse'] : []),
    ...(options.has('readonly') ? ['--readOnly'] : []),
    ...(options.has('plist') ? ['--plist'] : []),
  ];
  process.stderr.write(
    `hdiutil: WARNING: 'hdiutil ${['attach', ...flags, '...'].join(' ')}' is deprecated. Please use 'diskutil ${['image attach', ...spelled, '...'].join(' ')}' instead.\n`,
  );
}
