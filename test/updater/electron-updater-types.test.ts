import type { AppUpdater, CancellationToken, UpdateCheckResult } from 'electron-updater';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { AutoUpdater } from '../../src/electron/auto-updater.ts';
import type { TokenLike } from '../../src/updater/cancellation.ts';
import type { UpdaterContract } from '../../src/updater/contract.ts';
import type {
  CheckResult,
  ProgressInfo,
  UpdateDownloadedEvent,
  UpdateInfo,
} from '../../src/updater/events.ts';
import type { NexyUpdater } from '../../src/updater.ts';
import { REPOSITORY } from '../support/fixtures.ts';

// The point of the first half is that tsc checks it: each line is an error where ours does not fit electron-updater.
type Fits<Ours extends Theirs, Theirs> = [Ours, Theirs];
type TheirEvents = Parameters<Parameters<AppUpdater['signals']['updateDownloaded']>[0]>[0];
type Proofs = [
  Fits<NexyUpdater, UpdaterContract>,
  Fits<NexyUpdater, AutoUpdater>,
  Fits<AppUpdater, AutoUpdater>,
  Fits<CheckResult, UpdateCheckResult>,
  Fits<UpdateInfo, UpdateCheckResult['updateInfo']>,
  Fits<UpdateDownloadedEvent, TheirEvents>,
  Fits<ProgressInfo, import('electron-updater').ProgressInfo>,
  Fits<CancellationToken, TokenLike>,
];

/** What is electron-updater's alone, with the reason. A new member of theirs has to be added here or to the contract. */
const LEFT_OUT = {
  netSession: 'The caller gives the HTTP agents of its session.',
  updateConfigPath: 'For their tests.',
  isUpdateSupported: 'One policy decides, with a reason.',
  isUserWithinRollout: 'One policy decides, with a reason.',
} as const;
type EmitterMember = keyof import('node:events').EventEmitter;
type Missing = Exclude<keyof AppUpdater, keyof NexyUpdater | EmitterMember | keyof typeof LEFT_OUT>;

function compile(paths: Record<string, string[]>): readonly string[] {
  const { config } = ts.readConfigFile(`${REPOSITORY}/tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, REPOSITORY);
  const program = ts.createProgram([`${REPOSITORY}/test/updater/sample/main-process.ts`], {
    ...options,
    paths,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
}

describe("code written for electron-updater's autoUpdater", () => {
  it('compiles against ours unchanged', { timeout: 120_000 }, () => {
    expect(compile({ 'electron-updater': ['./test/updater/sample/our-updater.ts'] })).toEqual([]);
  });

  it('would not, were something missing', { timeout: 120_000 }, () => {
    const errors = compile({ 'electron-updater': ['./src/updater/contract.ts'] });
    expect(errors).toContainEqual(expect.stringContaining("no exported member 'autoUpdater'"));
  });

  it('finds every public member here, but for those that are left out on purpose', () => {
    const none: Missing extends never ? true : Missing = true;
    const proofs: Proofs | null = null;
    expect([none, proofs]).toEqual([true, null]);
    expect(Object.values(LEFT_OUT).every((reason) => reason.endsWith('.'))).toBe(true);
  });
});
