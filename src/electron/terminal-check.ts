import { styleText } from 'node:util';
import { checkDocument, checkLines, checkStatus, describeFailure } from '../check-report.ts';
import type { ElectronClient } from './electron-client.ts';
import { readSettings, type StartUpdatesOptions } from './settings.ts';

/**
 * `Nexy --check-updates [--json] [--manual]`: one check in a process of its own, for a terminal on a Mac without Node.
 * No window, no instance lock, nothing downloaded but the manifest. Says what `nexy-updater check` says.
 *
 * @returns the exit status, as of `nexy-updater check`
 */
export async function runTerminalCheck(
  electron: ElectronClient,
  argv: readonly string[],
  options: StartUpdatesOptions,
): Promise<number> {
  const isJson = argv.includes('--json');
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const complain = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    // The session, which knows the way through proxies, is there only then.
    await electron.app.whenReady();
    const [{ runCheck }, { readClientRecord }, { readManagedPreferences }, settings] = await Promise.all([
      import('../run-check.ts'),
      import('./client-record.ts'),
      import('./managed-preferences.ts'),
      readSettings(electron, options),
    ]);
    const [record, managed] = await Promise.all([
      readClientRecord(settings.stateFolder),
      readManagedPreferences(electron, settings.bundleId),
    ]);
    const channel = managed.channel ?? record.channel ?? settings.channel;
    const check = await runCheck({
      ...settings,
      source: settings.manifestUrls[channel],
      channel,
      target: { app: settings.app },
      isManual: argv.includes('--manual'),
      allowDowngrade: false,
      toolsFolder: settings.toolsFolder ?? null,
      warn: (message) =>
        complain(isJson ? JSON.stringify({ event: 'warning', message }) : `  Warning: ${message}`),
    });
    if (isJson) print(JSON.stringify(checkDocument(check), null, 2));
    else {
      for (const { style, text } of checkLines(check)) {
        print(style === null ? text : styleText(style, text, { stream: process.stdout }));
      }
    }
    return checkStatus(check);
  } catch (error) {
    const { document, sentence, status } = describeFailure(error);
    if (isJson) print(document);
    else complain(`Error: ${sentence}`);
    return status;
  }
}
