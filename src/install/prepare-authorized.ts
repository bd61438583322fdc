import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { VerifiedFile } from '../download/verified-file.ts';
import { runAuthorized } from './authorization.ts';
import type { InstallOutcome } from './exchange.ts';
import { findPayload } from './find-app.ts';
import { nextStagingId, stagingPaths } from './layout.ts';
import { notesFolder } from './notes.ts';
import { openImage } from './open-image.ts';
import { assertNotRunning } from './preflight.ts';
import type { PreparedInstall, PrepareOptions, QuitExchange } from './prepared-install.ts';
import { readStartTime } from './processes.ts';
import { readDesignatedRequirement, verifyGatekeeper, verifySignature } from './signature.ts';
import { verifyPackage } from './verify-package.ts';
import { verifyPayload } from './verify-payload.ts';

/**
 * Steps 2 to 4 of an install that root has to finish: the target belongs to somebody else, or the update is a package.
 * The payload is verified where it lies; staging it beside the target is root's work, and is done when somebody asks
 * for the install (resources/authorized-install.sh).
 *
 * @throws UpdateError with the code of the step that failed. Nothing stays mounted.
 */
export async function prepareAuthorized(
  file: VerifiedFile,
  options: PrepareOptions,
): Promise<PreparedInstall> {
  const { layout, tools } = options;
  if (options.refusesRunningTarget) await assertNotRunning(layout, tools);
  await file.assertUnchanged();
  const content = await verifyContent(file, options);
  const run = async (more: readonly string[]) => {
    await file.assertUnchanged();
    const id = await nextStagingId(layout, options.now());
    const script = [...describeInstall(file, id, options), ...content, ...more];
    return { id, answer: await runAuthorized({ prompt: promptFor(options), script }, tools) };
  };
  return {
    needsAuthorization: true,
    install: async ({ relaunches }): Promise<InstallOutcome> => {
      if (options.refusesRunningTarget) await assertNotRunning(layout, tools);
      await run([`relaunches=${relaunches ? 1 : 0}`]);
      return { from: options.from, to: options.offered.text };
    },
    prepareForQuit: async ({ relaunches }): Promise<QuitExchange> => {
      const { pid } = process;
      const startedAt = await readStartTime(pid, tools);
      const { id } = await run([
        `old-pid=${pid}`,
        `old-start=${startedAt}`,
        `relaunches=${relaunches ? 1 : 0}`,
      ]);
      return { exchangeNow: () => undefined, abandon: () => abandon(id, options) };
    },
    discard: async () => undefined,
  };
}

/** Tells the root script, which waits for this process to end, that it is not going to. */
async function abandon(id: string, { stateFolder }: PrepareOptions): Promise<void> {
  const folder = notesFolder(stateFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, `${id}.abandoned`), '');
}

/** What root is to look for in its own copy of the file; everything else about it is settled by its digest. */
async function verifyContent(file: VerifiedFile, options: PrepareOptions): Promise<readonly string[]> {
  if (options.type === 'pkg') {
    options.onStep?.('verifying');
    return describePackage(file.path, options);
  }
  options.onStep?.('opening');
  const image = await openImage(file.path, options);
  try {
    options.onStep?.('verifying');
    const payload = await findPayload(image.mountPoints, options.bundleId);
    if (payload.kind === 'package') {
      return [`package-name=${basename(payload.path)}`, ...(await describePackage(payload.path, options))];
    }
    await verifyPayload(payload.bundle, options);
    return [`app-name=${basename(payload.bundle.path)}`, ...(await verifyApp(payload.bundle.path, options))];
  } finally {
    await image.close();
  }
}

async function verifyApp(app: string, options: PrepareOptions): Promise<readonly string[]> {
  const { target } = options.layout;
  if (!options.verifiesSignature) return [];
  const requirement = await readDesignatedRequirement(target, options);
  await verifySignature(app, requirement, options);
  const isMandatory = await verifyGatekeeper(app, target, options);
  return [`requirement=${requirement}`, `gatekeeper=${isMandatory ? 1 : 0}`];
}

async function describePackage(path: string, options: PrepareOptions): Promise<readonly string[]> {
  const { receipts, bundle } = await verifyPackage(path, options);
  const { verifiesSignature, layout } = options;
  return [
    ...(verifiesSignature ? [`requirement=${await readDesignatedRequirement(layout.target, options)}`] : []),
    `short-version=${bundle.shortVersion ?? ''}`,
    `bundle-version=${bundle.bundleVersion ?? ''}`,
    ...receipts.map(({ identifier, version }) => `receipt=${identifier} ${version}`),
  ];
}

function describeInstall(file: VerifiedFile, id: string, options: PrepareOptions): readonly string[] {
  const { layout, tools, type, stateFolder } = options;
  const paths = stagingPaths(layout, id);
  const begin = {
    step: 'begin',
    at: options.now().toISOString(),
    target: layout.target,
    bundleId: options.bundleId,
    from: options.from,
    to: options.offered.text,
    sha256: file.sha256,
  } as const;
  return [
    `kind=${type}`,
    `user=${process.env['SUDO_UID'] ?? process.getuid?.() ?? 0}`,
    `file=${file.path}`,
    `size=${file.size}`,
    `sha256=${file.sha256}`,
    `target=${layout.target}`,
    `id=${id}`,
    `prefix=${layout.prefix}`,
    `staging=${basename(paths.folder)}`,
    `journal=${basename(paths.journal)}`,
    `lock=${basename(layout.lock)}`,
    `begin=${JSON.stringify(begin)}`,
    `notes=${notesFolder(stateFolder)}`,
    `tools=${tools.folder ?? ''}`,
    `tick=${options.tick ?? 1}`,
  ];
}

function promptFor({ layout, offered }: PrepareOptions): string {
  const name = basename(layout.target, '.app');
  return `${name} ${offered.text} is ready to be installed in ${layout.parent}.`;
}
