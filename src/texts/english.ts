import type { Channel } from '../config.ts';
import { ENGLISH_FAILURES } from './english-failures.ts';
import { ENGLISH_QA } from './english-qa.ts';
import { makePluralize } from './plural.ts';
import { describeTimeLeft } from './time-left.ts';

const plural = makePluralize('en', ['one', 'other']);

interface Names {
  readonly app: string;
}
interface Update extends Names {
  readonly version: string;
}
interface Change extends Names {
  readonly from: string;
  readonly to: string;
}

/**
 * All texts, in English; the other languages are of this type. Sentences are whole, with what differs filled in:
 * nothing is put together from pieces, since each language would put it together in another way.
 */
export const ENGLISH = {
  windowTitle: ({ app }: Names) => `${app} Update`,

  idle: {
    title: ({ app }: Names) => `Updates for ${app}`,
    text: ({ app }: Names) => `${app} looks for updates by itself from time to time. You can also look now.`,
  },
  checking: {
    title: 'Looking for updates…',
    progress: 'Looking for updates',
  },
  upToDate: {
    title: ({ app }: Names) => `${app} is up to date`,
    text: ({ version }: { version: string }) => `${version} is the newest version.`,
  },
  available: {
    title: ({ app, version }: Update) => `${app} ${version} is available`,
    text: ({ current }: { current: string }) =>
      `You have ${current}. You can go on working while it is downloaded.`,
    announcement: ({ app, version, size }: Update & { size: string }) =>
      `${app} ${version} is available. The download is ${size}.`,
  },
  critical: {
    badge: 'Important',
    text: 'This version fixes a serious problem. Please install it soon.',
  },
  downloading: {
    title: ({ app, version }: Update) => `Downloading ${app} ${version}`,
    paused: ({ app, version }: Update) => `The download of ${app} ${version} is paused`,
    pausedText: 'It goes on where it stopped, as soon as you resume it.',
    waiting: 'Waiting for the first bytes…',
    progress: 'Download',
    amount: ({ transferred, total }: { transferred: string; total: string }) => `${transferred} of ${total}`,
    spoken: ({ percent, transferred, total }: { percent: string; transferred: string; total: string }) =>
      `${percent}, ${transferred} of ${total}`,
    milestone: ({ percent }: { percent: string }) => `${percent} downloaded`,
  },
  timeLeft: (seconds: number): string => {
    const left = describeTimeLeft(seconds);
    switch (left.unit) {
      case 'moment':
        return 'Only a moment left';
      case 'second':
        return plural(left.count, { one: 'About # second left', other: 'About # seconds left' });
      case 'minute':
        return plural(left.count, { one: 'About # minute left', other: 'About # minutes left' });
      case 'hour':
        return plural(left.count, { one: 'About # hour left', other: 'About # hours left' });
      case 'day':
        return 'More than a day left';
    }
  },
  verifying: {
    title: ({ app, version }: Update) => `Checking ${app} ${version}`,
    progress: 'Checking the update',
    steps: {
      opening: 'Opening the download',
      verifying: 'Making sure that it is genuine and runs on this Mac',
      staging: 'Getting it ready to be installed',
    },
  },
  ready: {
    title: ({ app, version }: Update) => `${app} ${version} is ready to install`,
    text: ({ app }: Names) => `${app} restarts, which takes a few seconds.`,
    onQuit: ({ app }: Names) =>
      `If you would rather not be interrupted, it is installed when you quit ${app}.`,
    password: ({ app }: Names) =>
      `macOS asks for the name and password of an administrator. Then ${app} restarts.`,
  },
  installing: {
    title: ({ app, version }: Update) => `Installing ${app} ${version}`,
    text: ({ app }: Names) => `${app} closes and opens again by itself. Please do not switch off your Mac.`,
    progress: 'Installing the update',
  },
  held: {
    rollout: {
      title: ({ app, version }: Update) => `${app} ${version} is on its way`,
      meaning: 'New versions reach people step by step. Your turn comes soon, by itself.',
      advice: 'If you do not want to wait, check now and you get it at once.',
    },
    'skipped-by-user': {
      title: ({ app, version }: Update) => `You skipped ${app} ${version}`,
      meaning: 'It is not offered any more. The next version will be.',
      advice: 'If you want it after all, check again.',
    },
    'os-too-old': {
      title: ({ app, version }: Update) => `${app} ${version} needs a newer macOS`,
      meaning: ({ minimumOs }: { minimumOs: string | null }) =>
        minimumOs === null
          ? 'It does not run on the macOS of this Mac. The version that you have goes on working.'
          : `It needs macOS ${minimumOs} or later. The version that you have goes on working.`,
      advice: 'You can update macOS in System Settings, under General, Software Update.',
    },
    'arch-unsupported': {
      title: ({ app, version }: Update) => `${app} ${version} is not for this Mac`,
      meaning: 'It was made for Macs with another processor. The version that you have goes on working.',
      advice: 'You do not have to do anything. If it was made for Intel, installing Rosetta helps.',
    },
    'artifact-refused-before': {
      title: ({ app, version }: Update) => `${app} ${version} is not tried again for now`,
      meaning: 'It was taken back before, or was not what had been announced. Your version goes on working.',
      advice:
        'You do not have to do anything: the next version is offered as usual. If this one was taken back, you can try it once more: check again.',
    },
    other: {
      title: ({ app, version }: Update) => `${app} ${version} is not installed here`,
      meaning: ({ current }: { current: string }) => `You keep ${current}, which goes on working.`,
      advice: 'You do not have to do anything.',
    },
  },
  managed: {
    title: 'Updates are managed for you',
    text: ({ app }: Names) =>
      `Whoever looks after this Mac has switched off updates in ${app}, and installs new versions for you.`,
    advice: 'If you need a newer version, ask your administrator.',
  },
  installed: {
    title: ({ app, version }: Update) => `${app} was updated to ${version}`,
    text: ({ from }: { from: string }) => `You had ${from} before.`,
  },
  rolledBack: {
    title: ({ app, from }: Change) => `${app} went back to ${from}`,
    reasons: {
      'failed-starts': ({ app, from, to }: Change) =>
        `${app} ${to} quit unexpectedly twice, so ${from} was put back. Your data was not touched.`,
      requested: ({ from, to }: Change) => `${to} was replaced by ${from}, as you asked.`,
      interrupted: ({ from, to }: Change) => `The update to ${to} was interrupted, so ${from} was put back.`,
      'package-failed': ({ from, to }: Change) => `${to} could not be installed, so ${from} was put back.`,
    },
    advice: ({ to }: Change) =>
      `${to} is not installed by itself for the next days. To try it again now, check for updates.`,
    retry: 'To try it again, check for updates.',
  },

  facts: {
    version: 'Version',
    update: 'Version of the update',
    size: 'Size',
    released: 'Released',
    installed: 'Installed version',
    checked: 'Last checked',
    never: 'Never',
    /** The first is e.g. `5 minutes ago`. */
    when: ({ ago, date }: { ago: string; date: string }) => `${ago} (${date})`,
    channel: 'Update channel',
    channelManaged: 'Chosen by whoever looks after this Mac.',
  },
  channels: { stable: 'Stable', beta: 'Beta' } satisfies Readonly<Record<Channel, string>>,
  notes: {
    title: ({ version }: { version: string }) => `What’s new in ${version}`,
    table: 'Table',
    cut: 'The rest of the notes is too long to be shown here.',
    opens: ({ url }: { url: string }) => `Opens ${url} in your browser`,
  },
  failures: ENGLISH_FAILURES,
  details: {
    summary: 'Details',
    code: ({ code }: { code: string }) => `Code: ${code}`,
    when: ({ date }: { date: string }) => `When: ${date}`,
  },
  /** The window got something that it cannot make sense of, or was not heard. */
  trouble: {
    title: 'The update cannot be shown',
    meaning: 'This window and the app do not understand each other. The app itself goes on working.',
    advice: 'Close the window and open it again. If that does not help, restart the app.',
    request: 'That did not work. Please try again.',
    copied: 'The report was copied.',
  },

  /** Buttons: what is written on them, and their whole name where that says more. A whole name begins with what is written. */
  buttons: {
    check: 'Check for Updates',
    checkAgain: 'Check Again',
    checkNow: 'Check Now',
    tryAgain: 'Try Again',
    download: 'Download Update',
    downloadName: ({ app, version }: Update) => `Download Update to ${app} ${version}`,
    skip: 'Skip This Version',
    skipName: ({ version }: { version: string }) => `Skip This Version, ${version}`,
    later: 'Later',
    laterName: 'Later: close this window',
    pause: 'Pause',
    pauseName: 'Pause Download',
    resume: 'Resume',
    resumeName: 'Resume Download',
    cancel: 'Cancel',
    cancelName: 'Cancel Update',
    restart: 'Restart Now',
    restartName: ({ app, version }: Update) => `Restart Now and install ${app} ${version}`,
    authorize: 'Enter Password…',
    authorizeName: ({ app, version }: Update) => `Enter Password… and install ${app} ${version}`,
    onQuit: 'On Quit',
    onQuitName: ({ app, version }: Update) => `On Quit: install ${version} when ${app} quits`,
    move: 'Move to Applications',
    moveName: ({ app }: Names) => `Move to Applications folder and reopen ${app}`,
    openSettings: 'Open System Settings',
    openSettingsName: 'Open System Settings at App Management',
    copyReport: 'Copy Report',
    copyReportName: 'Copy Report about this problem',
    close: 'Close',
    closeName: 'Close this window',
    done: 'Done',
  },

  menu: {
    check: 'Check for Updates…',
    checking: 'Looking for Updates…',
    downloading: ({ percent }: { percent: string }) => `Downloading Update (${percent})…`,
    restart: 'Restart to Update',
    restartTo: ({ version }: { version: string }) => `Restart to Update to ${version}`,
    channel: 'Update Channel',
    about: ({ app }: Names) => `About ${app}`,
    quit: ({ app }: Names) => `Quit ${app}`,
  },
  notifications: {
    available: ({ app, version }: Update) => ({
      title: `${app} ${version} is available`,
      body: 'Click to see what is new.',
    }),
    ready: ({ app, version }: Update) => ({
      title: `${app} ${version} is ready`,
      body: 'It can be installed now.',
    }),
    readyOnQuit: ({ app, version }: Update) => ({
      title: `${app} ${version} is ready`,
      body: `It is installed when you quit ${app}.`,
    }),
    readyCritical: ({ app, version }: Update) => ({
      title: `Important: ${app} ${version} is ready`,
      body: 'It fixes a serious problem. Please restart the app soon to install it.',
    }),
    installed: ({ app, version }: Update) => ({
      title: `${app} was updated to ${version}`,
      body: 'Click to see what is new.',
    }),
    rolledBack: ({ app, from }: Change) => ({
      title: `${app} went back to ${from}`,
      body: 'Click to see why.',
    }),
  },
  qa: ENGLISH_QA,
};

export type Texts = typeof ENGLISH;
