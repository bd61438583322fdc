import {
  isDictionary,
  type PropertyListDictionary,
  parsePropertyList,
  stringAt,
} from '../bundle/property-list.ts';
import { type ErrorCode, UpdateError } from '../errors.ts';

/** What `hdiutil attach -plist` reports of one attached image. */
export interface AttachedImage {
  /** Device to detach, e.g. `/dev/disk4`: the image itself, not the container that APFS synthesizes from it. */
  readonly device: string | null;
  readonly mountPoints: readonly string[];
}

/** GUID of an APFS container, as attach and info name a synthesized disk (fixtures/macos-outputs README). */
const APFS_CONTAINER = 'EF57347C-0000-11AA-AA11-00306543ECAC';

/**
 * Reads the plist of `hdiutil attach -plist`. A licence's text may stand before it on the same stream, and the
 * order of its entities says nothing.
 *
 * @throws UpdateError `image-unreadable` when there is no such plist in the text.
 */
export async function parseAttached(stdout: string): Promise<AttachedImage> {
  return attachedFrom(await propertyListIn(stdout));
}

/** Every image that `hdiutil info -plist` lists; `images` is absent when nothing is attached. */
export async function parseInfo(stdout: string): Promise<readonly AttachedImage[]> {
  const images = (await propertyListIn(stdout))['images'];
  return Array.isArray(images) ? images.filter(isDictionary).map(attachedFrom) : [];
}

/** Why an attach failed, as an error code. The status is always 1: only the text tells (fixtures README). */
export function attachFailureCode(output: string): ErrorCode {
  if (/Authentication error/i.test(output)) return 'image-encrypted';
  if (/No space left on device/i.test(output)) return 'disk-full';
  return 'image-unreadable';
}

/** Failures that pass by themselves, e.g. while another process looks at the same image. */
export function isTemporaryAttachFailure(output: string): boolean {
  return /Resource (temporarily unavailable|busy)|No child processes/i.test(output);
}

async function propertyListIn(stdout: string): Promise<PropertyListDictionary> {
  const start = stdout.indexOf('<?xml');
  const end = stdout.lastIndexOf('</plist>');
  if (start < 0 || end < start) {
    throw new UpdateError('image-unreadable', 'hdiutil gave no property list, so its answer cannot be used.');
  }
  try {
    return await parsePropertyList(
      Buffer.from(stdout.slice(start, end + '</plist>'.length)),
      'The answer of hdiutil',
    );
  } catch (error) {
    throw new UpdateError('image-unreadable', "hdiutil's answer could not be read.", { cause: error });
  }
}

function attachedFrom(dictionary: PropertyListDictionary): AttachedImage {
  const entities = dictionary['system-entities'];
  const found = (Array.isArray(entities) ? entities.filter(isDictionary) : []).map((entity) => ({
    device: stringAt(entity, 'dev-entry'),
    hint: stringAt(entity, 'content-hint'),
    mountPoint: stringAt(entity, 'mount-point'),
  }));
  const disks = found.filter(({ device }) => device !== null && /^\/dev\/disk\d+$/.test(device));
  const image = disks.find(({ hint }) => hint !== APFS_CONTAINER) ?? disks[0] ?? found[0];
  return {
    device: image?.device ?? null,
    mountPoints: found.flatMap(({ mountPoint }) => mountPoint ?? []),
  };
}
