import type { FailureTexts } from './failure-text.ts';

const UNCHANGED = 'Nothing on your Mac was changed.';
const NEXT_RELEASE =
  'You do not have to do anything: this is put right by the people who make the app, and the app looks again by itself.';

export const ENGLISH_FAILURES: FailureTexts = {
  unreachable: ({ app }) => ({
    title: 'Updates could not be looked for',
    meaning: `${app} could not reach the place where updates are announced. It goes on working as it is.`,
    advice: 'Check your connection to the internet, and any VPN or proxy. Then try again.',
  }),
  'bad-offer': ({ app }) => ({
    title: 'The update was announced with mistakes',
    meaning: `What is said about the update does not fit together, so ${app} did not download it. ${UNCHANGED}`,
    advice: NEXT_RELEASE,
  }),
  'foreign-offer': ({ app }) => ({
    title: 'The update comes from somewhere else',
    meaning: `It would be downloaded from a place that ${app} does not trust, so it was not. ${UNCHANGED}`,
    advice: `If you see this again, copy the report and send it to the people who make ${app}.`,
  }),
  'not-published': () => ({
    title: 'The update is not there yet',
    meaning: `It has been announced, but it cannot be downloaded so far. ${UNCHANGED}`,
    advice: 'You do not have to do anything: the app looks again by itself.',
  }),
  'download-failed': () => ({
    title: 'The download failed',
    meaning: `The update could not be downloaded. What has arrived so far is kept. ${UNCHANGED}`,
    advice: 'Check your connection to the internet. Then try again: the download goes on where it stopped.',
  }),
  'download-stalled': () => ({
    title: 'The download got stuck',
    meaning: `For a while nothing arrived any more. What has arrived so far is kept. ${UNCHANGED}`,
    advice: 'Check your connection to the internet. Then try again: the download goes on where it stopped.',
  }),
  damaged: () => ({
    title: 'The download is damaged',
    meaning: `What arrived is not what was announced, so it was thrown away. ${UNCHANGED}`,
    advice:
      'Try again. On public Wi-Fi, try another network. If it happens again, copy the report and send it in.',
  }),
  'disk-full': () => ({
    title: 'There is not enough free space',
    meaning: `The update needs more space than is left on your disk. ${UNCHANGED}`,
    advice: 'Empty the Trash or delete what you do not need. Then try again.',
  }),
  unreadable: () => ({
    title: 'The download could not be opened',
    meaning: `macOS could not open the update. ${UNCHANGED}`,
    advice: 'Try again. If it happens again, copy the report and send it in.',
  }),
  'wrong-contents': ({ app }) => ({
    title: 'The update contains something else',
    meaning: `The download does not hold the version of ${app} that was announced, so it was not installed. ${UNCHANGED}`,
    advice: NEXT_RELEASE,
  }),
  incompatible: ({ app }) => ({
    title: 'This version does not run on your Mac',
    meaning: `The new version of ${app} was made for another Mac or another macOS. ${UNCHANGED}`,
    advice: 'See in System Settings, under General, whether there is a newer macOS for this Mac.',
  }),
  untrusted: ({ app }) => ({
    title: 'The update is not signed as it should be',
    meaning: `It cannot be proven that the update was made by the people who made your ${app}, so it was not installed. ${UNCHANGED}`,
    advice: 'Do not install it by hand. Copy the report and send it in.',
  }),
  'not-writable': ({ app }) => ({
    title: `${app} may not be replaced`,
    meaning: `The app, or the folder that it is in, belongs to somebody else or is locked. ${UNCHANGED}`,
    advice:
      'Ask an administrator of this Mac to update it. If the app is locked, take the mark off “Locked” in Get Info in the Finder.',
  }),
  'authorization-denied': () => ({
    title: 'The update was not allowed',
    meaning: `It needs the name and password of an administrator, which were not given. ${UNCHANGED}`,
    advice: 'Try again with the password at hand, or ask an administrator of this Mac.',
  }),
  'app-management-denied': ({ app }) => ({
    title: 'macOS did not allow the update',
    meaning: `macOS protects apps from being changed, and ${app} lacks that permission. ${UNCHANGED}`,
    advice: `Open System Settings, Privacy & Security, App Management, and switch ${app} on. Then try again.`,
  }),
  'target-in-use': ({ app }) => ({
    title: `${app} is in use`,
    meaning: `Another copy of ${app} is running, perhaps for another person who is logged in. ${UNCHANGED}`,
    advice: 'Quit it there. Then try again.',
  }),
  'install-busy': ({ app }) => ({
    title: 'Another update is being installed',
    meaning: `Something else is updating ${app} right now.`,
    advice: 'Wait until it is done. Then try again.',
  }),
  'swap-failed': ({ app }) => ({
    title: 'The update could not be installed',
    meaning: `The new version could not take the place of the old one. ${app} is as it was.`,
    advice: 'Try again. If it happens again, restart your Mac, or copy the report and send it in.',
  }),
  'package-failed': ({ app }) => ({
    title: 'The update could not be installed',
    meaning: `macOS could not install the package, so the version before was put back. ${app} is as it was.`,
    advice: 'Try again. If it happens again, copy the report and send it in.',
  }),
  'read-only-volume': ({ app }) => ({
    title: `${app} cannot be updated where it is`,
    meaning: `It runs from a disk that cannot be written to, such as an open disk image. ${UNCHANGED}`,
    advice: `Move ${app} to the Applications folder. It starts again from there.`,
  }),
  translocated: ({ app }) => ({
    title: `${app} cannot be updated where it is`,
    meaning: `macOS runs it from a temporary copy, since it was never moved after it was downloaded. ${UNCHANGED}`,
    advice: `Move ${app} to the Applications folder. It starts again from there.`,
  }),
  'app-not-found': ({ app }) => ({
    title: `${app} was not found`,
    meaning: `The app is no longer where it was started from, so there is nothing to update. ${UNCHANGED}`,
    advice: `Quit ${app}, move it to the Applications folder, and open it from there.`,
  }),
  cancelled: () => ({
    title: 'The update was cancelled',
    meaning: `What has arrived so far is kept. ${UNCHANGED}`,
    advice: 'Try again whenever you like.',
  }),
  unknown: ({ app }) => ({
    title: 'Something went wrong with the update',
    meaning: `This was not foreseen. ${app} is as it was.`,
    advice: 'Try again. If it happens again, copy the report and send it in.',
  }),
};
