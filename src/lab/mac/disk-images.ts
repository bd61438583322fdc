import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { serialize } from '@plist/plist';
import { systemErrorCode, UpdateError } from '../../errors.ts';
import type { ToolResult } from '../../install/tools.ts';
import { writeTree } from './file-tree.ts';
import { readImageContents } from './image-contents.ts';
import { answer, failure, notUnderstood } from './tool-answer.ts';

interface Attached {
  readonly disk: string;
  readonly image: string;
  readonly mountPoint: string;
}

/** Of macOS 26 (hdiutil__info-plist-nothing-attached.plist). */
const FRAMEWORK = '683.100.3';

const PLACES = ['-mountrandom', '-mountpoint', '-mountroot'] as const;
const FLAGS = new Set(['-plist', '-nobrowse', '-noautoopen', '-readonly', '-quiet', '-noverify']);

/**
 * `hdiutil` of one Mac: attach, info and detach. An image is "mounted" by writing its files into the mount point.
 * Words and forms as in recordings of Apple's tool: hdiutil__attach-plist-hfs-gpt.plist,
 * hdiutil__attach-image-not-recognized, hdiutil__info-plist-nothing-attached.plist, hdiutil__detach-ok.
 */
export class DiskImages {
  readonly #volumes: string;
  readonly #attached: Attached[] = [];
  #lastNumber = 3;

  /** @param volumes folder that stands for /Volumes */
  constructor(volumes: string) {
    this.#volumes = volumes;
  }

  async run(args: readonly string[]): Promise<ToolResult> {
    const [verb, ...rest] = args;
    if (verb === 'attach') return this.#attach(rest);
    if (verb === 'info' && rest.join(' ') === '-plist') return this.#info();
    if (verb === 'detach') return this.#detach(rest.filter((argument) => argument !== '-force'));
    return notUnderstood('hdiutil', args);
  }

  async #attach(args: readonly string[]): Promise<ToolResult> {
    const image = args.at(-1) ?? '';
    const options = args.slice(0, -1);
    const place = PLACES.find((name) => options.includes(name)) ?? null;
    const at = place === null ? -1 : options.indexOf(place);
    const given = place === null ? this.#volumes : (options[at + 1] ?? '');
    const flags = options.filter((_, index) => place === null || (index !== at && index !== at + 1));
    if (!flags.every((flag) => FLAGS.has(flag))) return notUnderstood('hdiutil', ['attach', ...args]);
    try {
      const { volumeName, tree } = await readImageContents(await readFile(image));
      const mountPoint = await choosePlace(place, given, volumeName);
      writeTree(tree, mountPoint);
      this.#lastNumber += 1;
      const attached = { disk: `/dev/disk${this.#lastNumber}`, image, mountPoint };
      this.#attached.push(attached);
      return answer(flags.includes('-plist') ? describe(attached) : '');
    } catch (error) {
      return failure(1, `hdiutil: attach failed - ${reasonOf(error)}\n`);
    }
  }

  #info(): ToolResult {
    const images = this.#attached.map(({ disk, image, mountPoint }) => ({
      'image-path': image,
      'system-entities': [
        { 'content-hint': 'GUID_partition_scheme', 'dev-entry': disk },
        { 'dev-entry': `${disk}s1`, 'mount-point': mountPoint },
      ],
    }));
    const rest = { framework: FRAMEWORK, revision: FRAMEWORK, vendor: 'Apple' };
    return answer(asXml(images.length === 0 ? rest : { ...rest, images }));
  }

  #detach([name]: readonly string[]): ToolResult {
    const index = this.#attached.findIndex(
      ({ disk, mountPoint }) => name === mountPoint || name === disk || name === `${disk}s1`,
    );
    const [attached] = index < 0 ? [] : this.#attached.splice(index, 1);
    if (attached === undefined) return failure(1, 'hdiutil: detach failed - No such file or directory\n');
    rmSync(attached.mountPoint, { recursive: true, force: true });
    return answer(`"${basename(attached.disk)}" ejected.\n`);
  }
}

async function choosePlace(
  place: (typeof PLACES)[number] | null,
  given: string,
  volumeName: string,
): Promise<string> {
  if (place === '-mountrandom')
    return join(await realpath(given), `dmg.${randomBytes(4).toString('base64url')}`);
  if (place === '-mountpoint') return join(await realpath(dirname(given)), basename(given));
  mkdirSync(given, { recursive: true });
  return join(await realpath(given), volumeName);
}

function describe({ disk, mountPoint }: Attached): string {
  return asXml({
    'system-entities': [
      {
        'content-hint': 'Apple_HFS',
        'dev-entry': `${disk}s1`,
        'mount-point': mountPoint,
        'potentially-mountable': true,
        'unmapped-content-hint': '48465300-0000-11AA-AA11-00306543ECAC',
        'volume-kind': 'hfs',
      },
      {
        'content-hint': 'GUID_partition_scheme',
        'dev-entry': disk,
        'potentially-mountable': false,
        'unmapped-content-hint': 'GUID_partition_scheme',
      },
    ],
  });
}

function asXml(dictionary: Parameters<typeof serialize>[0]): string {
  // PlistFormat.XML of @plist/common, which @plist/plist does not export.
  return serialize(dictionary, 1);
}

function reasonOf(error: unknown): string {
  if (error instanceof UpdateError) return 'image not recognized';
  const code = systemErrorCode(error);
  if (code === 'ENOENT') return 'No such file or directory';
  // A mount point that is taken: what a real mount does there cannot be had without one.
  if (code === 'EEXIST') return 'Resource busy';
  throw error;
}
