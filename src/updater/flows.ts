import { asUpdateError } from '../errors.ts';
import type { Application } from './application.ts';
import { CheckFlow } from './check-flow.ts';
import { DownloadFlow } from './download-flow.ts';
import { InstallFlow } from './install-flow.ts';
import type { Ready } from './life.ts';
import type { UpdaterParts } from './parts.ts';
import { QuitFlow } from './quit-flow.ts';
import { RollbackFlow, type RollbackTarget } from './rollback-flow.ts';

/** Everything that an updater does, loaded when it is asked for the first time. */
export interface Flows {
  readonly check: CheckFlow;
  readonly download: DownloadFlow;
  readonly install: InstallFlow;
  readonly rollback: RollbackFlow;
  /** Null where this process is not the application. */
  readonly quit: QuitFlow | null;
}

export function makeFlows(
  parts: UpdaterParts,
  application: Application | null,
  openTarget: () => Promise<RollbackTarget>,
): Flows {
  const quit = application === null ? null : new QuitFlow(parts, application);
  quit
    ?.prepareNote(async () => (await openTarget()).layout)
    .catch((error: unknown) => parts.warn(asUpdateError(error).message));
  const prepareForQuit = async (ready: Ready): Promise<void> => quit?.prepare(ready);
  const download = new DownloadFlow(parts, prepareForQuit);
  return {
    check: new CheckFlow(parts, (token) => download.download(token)),
    download,
    install: new InstallFlow(parts, prepareForQuit),
    rollback: new RollbackFlow(parts, application, openTarget),
    quit,
  };
}
