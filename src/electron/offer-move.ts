import { chooseLanguage } from '../texts/language.ts';
import { MAIN_TEXTS } from '../texts/main-texts.ts';
import type { ElectronClient } from './electron-client.ts';

/**
 * Offers to move the app to the Applications folder, where it can be updated; it quits and opens again from there. An
 * older copy that lies there is replaced, unless it runs: then that one is what the person works with.
 */
export async function offerMove({ app, dialog }: Pick<ElectronClient, 'app' | 'dialog'>): Promise<void> {
  const { language } = chooseLanguage(app.getPreferredSystemLanguages());
  const { move, notMoved } = MAIN_TEXTS[language];
  const names = { app: app.getName() };
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: move.title(names),
    detail: move.text(names),
    buttons: [move.move, move.cancel],
    defaultId: 0,
    cancelId: 1,
  });
  if (response !== 0) return;
  if (isMoved(app)) return;
  await dialog.showMessageBox({
    type: 'warning',
    message: notMoved.title(names),
    detail: notMoved.text(names),
    buttons: [notMoved.close],
  });
}

/** False also where the person declined the password that it needs; it throws where it fails. */
function isMoved(app: ElectronClient['app']): boolean {
  try {
    return app.moveToApplicationsFolder({ conflictHandler: (conflict) => conflict === 'exists' });
  } catch {
    return false;
  }
}
