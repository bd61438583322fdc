import { serialize } from '@plist/plist';
import { type PropertyListDictionary, stringAt } from '../../bundle/property-list.ts';
import { UpdateError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import type { BuildPlan } from './build-plan.ts';

/** Bytes of every build's Info.plist, so that one can be written over another within an image. */
export const INFO_PLIST_BYTES = 4096;

/** Of Nexy, and of every build. */
export const BUNDLE_ID = 'com.nexy.assistant';

/** Keys of our own beside Apple's. */
const LABEL = 'NexyLabLabel';
const UPDATER = 'NexyLabUpdater';

/** What XML 1.0 cannot hold (section 2.2 of the recommendation), and lone surrogates. */
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/**
 * The Info.plist of a build's app, XML, filled up with white space.
 *
 * @throws UpdateError `usage` for a plan that it cannot hold: longer than it is, or with characters that XML has not
 */
export function writeInfoPlist(plan: BuildPlan): Buffer {
  const { version, bundleVersion, minimumOs, label, updater } = plan;
  for (const text of [version, bundleVersion, minimumOs, label]) {
    if (NOT_IN_XML.test(text)) throw refuse(text, 'has characters that an Info.plist cannot hold');
  }
  const xml = serialize(
    {
      CFBundleExecutable: 'Nexy',
      CFBundleIdentifier: BUNDLE_ID,
      CFBundleInfoDictionaryVersion: '6.0',
      CFBundleName: 'Nexy',
      CFBundlePackageType: 'APPL',
      CFBundleShortVersionString: version,
      CFBundleVersion: bundleVersion,
      LSMinimumSystemVersion: minimumOs,
      [LABEL]: label,
      [UPDATER]: updater,
    },
    // PlistFormat.XML of @plist/common, which @plist/plist does not export.
    1,
  );
  const length = Buffer.byteLength(xml);
  if (length > INFO_PLIST_BYTES) throw refuse(version, 'is too long for its Info.plist, labels included');
  return Buffer.from(xml + ' '.repeat(INFO_PLIST_BYTES - length));
}

/**
 * The plan that an installed app was built by.
 *
 * @param info its Info.plist
 * @throws UpdateError `payload-incompatible` where that is no build of the lab
 */
export function planOfInfo(info: PropertyListDictionary): BuildPlan {
  const updater = textAt(info, UPDATER);
  return {
    kind: 'app',
    version: textAt(info, 'CFBundleShortVersionString'),
    bundleVersion: textAt(info, 'CFBundleVersion'),
    minimumOs: textAt(info, 'LSMinimumSystemVersion'),
    label: textAt(info, LABEL),
    updater: updater === 'ours' ? 'ours' : 'same',
  };
}

function textAt(info: PropertyListDictionary, key: string): string {
  const text = stringAt(info, key);
  if (text !== null) return text;
  throw new UpdateError(
    'payload-incompatible',
    `An app without ${key} in its Info.plist is no build of the lab, which alone can tell what it stands for.`,
    { details: { key } },
  );
}

function refuse(text: string, reason: string): UpdateError {
  return new UpdateError(
    'usage',
    `The build ${quote(text)} of the lab cannot be made: it ${reason}. Correct the file that names it.`,
    { details: { text } },
  );
}
