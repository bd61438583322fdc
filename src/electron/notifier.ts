import type { LastInstall } from '../install/last-install.ts';
import type { Texts } from '../texts/english.ts';
import { chooseLanguage } from '../texts/language.ts';
import { MAIN_TEXTS, type MainTexts } from '../texts/main-texts.ts';
import { TEXTS } from '../texts/texts.ts';
import type { CheckResult } from '../updater/events.ts';
import type { ElectronClient, NotificationLike } from './electron-client.ts';
import type { UpdateClient } from './update-client.ts';

interface NotificationText {
  readonly title: string;
  readonly body: string;
}

export interface NotifierActions {
  /** Opens the window: because a person clicked, or by itself and without taking the focus. */
  readonly open: (isWanted: boolean) => void;
  readonly offerMove: () => void;
}

/**
 * Tells a person what they did not ask for just now, once for each thing. Nothing takes the focus; only what is critical,
 * or went wrong, opens the window behind what they work with.
 */
export class Notifier {
  readonly #electron: ElectronClient;
  readonly #client: UpdateClient;
  readonly #actions: NotifierActions;
  readonly #told = new Set<string>();
  /** Those that are garbage-collected are not clicked any more. */
  readonly #shown: NotificationLike[] = [];

  constructor(electron: ElectronClient, client: UpdateClient, actions: NotifierActions) {
    this.#electron = electron;
    this.#client = client;
    this.#actions = actions;
    client.updater.on('update-downloaded', ({ version }) => this.#tellReady(version));
  }

  /** What a check that nobody waited for came to, where that needs a person. */
  noteCheck({ decision, updateInfo, assessment }: CheckResult): void {
    const { version } = updateInfo;
    if (decision.action === 'update' && decision.announceOnly) {
      this.#tell(`available ${version}`, ({ notifications }) =>
        notifications.available(this.#names(version)),
      );
      if (assessment.manifest?.critical === true) this.#actions.open(false);
    }
    if (decision.reason === 'read-only-volume' || decision.reason === 'translocated') {
      const describe = (_texts: Texts, { cannotUpdateHere }: MainTexts): NotificationText =>
        cannotUpdateHere({ app: this.#electron.app.getName() });
      this.#tell('cannot update here', describe, this.#actions.offerMove);
    }
  }

  tellInstall(install: LastInstall): void {
    const { from, to, outcome } = install;
    const app = this.#electron.app.getName();
    this.#tell(`${outcome} ${to}`, ({ notifications }, { notUpdated }) => {
      if (outcome === 'installed') return notifications.installed({ app, version: to });
      return outcome === 'failed'
        ? notUpdated({ app, version: to })
        : notifications.rolledBack({ app, from, to });
    });
    if (outcome !== 'installed') this.#actions.open(false);
  }

  #tellReady(version: string): void {
    const { state, autoInstallOnAppQuit } = this.#client.updater;
    const isCritical = this.#client.offer?.version === version && this.#client.offer.isCritical;
    const isOnQuit = state.kind === 'ready' && !state.needsAuthorization && autoInstallOnAppQuit;
    this.#tell(`ready ${version}`, ({ notifications }) => {
      if (isCritical) return notifications.readyCritical(this.#names(version));
      return isOnQuit
        ? notifications.readyOnQuit(this.#names(version))
        : notifications.ready(this.#names(version));
    });
    if (isCritical) this.#actions.open(false);
  }

  #names(version: string): { readonly app: string; readonly version: string } {
    return { app: this.#electron.app.getName(), version };
  }

  #tell(
    key: string,
    describe: (texts: Texts, main: MainTexts) => NotificationText,
    onClick: () => void = () => this.#actions.open(true),
  ): void {
    const { Notification, app } = this.#electron;
    if (this.#told.has(key) || !Notification.isSupported()) return;
    this.#told.add(key);
    const { language } = chooseLanguage(app.getPreferredSystemLanguages());
    const notification = new Notification(describe(TEXTS[language], MAIN_TEXTS[language]));
    notification.on('click', onClick);
    this.#shown.push(notification);
    notification.show();
  }
}
