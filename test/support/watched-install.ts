import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import { identityAt } from '../../src/install/exchange.ts';
import { type InstallationState, readInstallationStatus } from '../../src/install/installation.ts';
import { type DirectoryIdentity, JournalWriter, parseJournal } from '../../src/install/journal.ts';
import {
  type Layout,
  layoutOf,
  makeStagingId,
  type StagingPaths,
  stagingPaths,
} from '../../src/install/layout.ts';
import { notesFolder } from '../../src/install/notes.ts';
import { Tools } from '../../src/install/tools.ts';
import { startWatchdog, type Watchdog, type WatchdogOptions } from '../../src/install/watchdog.ts';
import { loadNativeCalls } from '../../src/native-calls.ts';
import { MACOS_TOOLS } from './fixtures.ts';
import {
  addRunningProgram,
  type Behaviour,
  endStarted,
  type Started,
  startsOf,
  versionAt,
} from './running-app.ts';

export type Shell = readonly [string, ...string[]];

/** The shells that the watchdog has to work under, where they are installed. On a Mac /bin/sh is bash 3.2. */
export const SHELLS: readonly { readonly name: string; readonly shell: Shell | null }[] = [
  { name: 'dash', shell: found('dash') },
  { name: 'bash --posix', shell: found('bash', '--posix') },
  { name: 'busybox sh', shell: found('busybox', 'sh') },
];

function found(name: string, ...words: readonly string[]): Shell | null {
  const path = ['/bin', '/usr/bin'].map((folder) => join(folder, name)).find((each) => existsSync(each));
  return path === undefined ? null : [path, ...words];
}

const SYSTEM_TOOLS: readonly string[] = ['date', 'ls', 'mv', 'rm', 'tail'];

export const SHA256 = 'ab'.repeat(32);

export interface WatchedInstallOptions {
  /** File name of the app. */
  readonly name?: string;
  /** What the new version does. */
  readonly new?: Behaviour;
  /** Kills the watchdog, with everything that it started itself, right before it calls its tools for the nth time. */
  readonly killAtCall?: number;
  /** What osascript says in place of doing it, e.g. that the volume cannot exchange. */
  readonly osascriptSays?: string;
  /** Why open opens nothing. */
  readonly openFails?: string;
}

/**
 * An install of 2.0 over 1.0 with real apps, which `open` starts and ps sees where they lie: a script that goes on in
 * a copy of the shell inside its bundle.
 */
export class WatchedInstall {
  readonly layout: Layout;
  readonly paths: StagingPaths;
  readonly stateFolder: string;
  readonly tools: Tools;
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];
  readonly #watchdogs: Watchdog[] = [];
  readonly #identities: { readonly newApp: DirectoryIdentity; readonly oldApp: DirectoryIdentity };

  /** @param context of the test, which takes everything away when it ends; several may run at once */
  static async make(
    context: Pick<TestContext, 'onTestFinished'>,
    options: WatchedInstallOptions = {},
  ): Promise<WatchedInstall> {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'nexy-watch-'));
    const { name = 'Nexy.app' } = options;
    mkdirSync(join(folder, 'Applications'));
    const layout = await layoutOf(join(folder, 'Applications', name));
    const install = new WatchedInstall(folder, layout, options);
    context.onTestFinished(() => install.#end());
    return install;
  }

  private constructor(folder: string, layout: Layout, options: WatchedInstallOptions) {
    this.#folder = folder;
    this.layout = layout;
    this.paths = stagingPaths(layout, makeStagingId(new Date()));
    this.stateFolder = join(folder, 'state');
    this.tools = new Tools(this.#makeTools(options));
    makeRunningApp(layout.target, '1.0', 'stay');
    const journal = JournalWriter.create(this.paths);
    const at = new Date().toISOString();
    const begin = { target: layout.target, bundleId: 'com.nexy.assistant', from: '1.0', to: '2.0' };
    journal.append({ step: 'begin', at, ...begin, sha256: SHA256 });
    makeRunningApp(this.paths.newApp, '2.0', options.new ?? 'stay');
    this.#identities = { newApp: identify(this.paths.newApp), oldApp: identify(layout.target) };
    journal.append({ step: 'staged', at, ...this.#identities });
    journal.close();
  }

  /** One character for every time that the watchdog has looked at processes: `y` when it saw one of ours. */
  get #looks(): string {
    return join(this.#folder, 'looks');
  }

  /** Its process group, once it is there. */
  get #group(): string {
    return join(this.#folder, 'group');
  }

  /** Every tool but ps and sleep that the watchdog called. */
  get #calls(): string {
    return join(this.#folder, 'calls');
  }

  calls(): readonly string[] {
    return existsSync(this.#calls) ? readFileSync(this.#calls, 'utf8').trim().split('\n') : [];
  }

  /** Any process that can be ended later, in place of the one that installs. */
  startOldProcess(): ChildProcess {
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    this.#children.push(child);
    return child;
  }

  async watch(oldProcess: ChildProcess, options: Partial<WatchdogOptions> = {}): Promise<Watchdog> {
    const watchdog = await startWatchdog({
      layout: this.layout,
      paths: this.paths,
      ...this.#identities,
      exchanger: 'Nexy',
      relaunches: true,
      oldProcess: oldProcess.pid ?? 0,
      stateFolder: this.stateFolder,
      tools: this.tools,
      tick: 0.05,
      ...options,
      limits: { oldProcess: 200, appearance: 8, grace: 3, watch: 400, ...options.limits },
    });
    this.#watchdogs.push(watchdog);
    writeFileSync(this.#group, String(watchdog.pid));
    return watchdog;
  }

  /** Step 6 of an install. */
  async exchange(): Promise<void> {
    const journal = JournalWriter.reopen(this.paths);
    const at = new Date().toISOString();
    journal.append({ step: 'exchanging', at });
    const outcome = (await loadNativeCalls()).exchange(this.layout.target, this.paths.newApp);
    if (!outcome.done) throw new Error(outcome.errno);
    renameSync(this.paths.newApp, this.paths.oldApp);
    journal.append({ step: 'exchanged', at });
    journal.close();
  }

  /** As on a volume that cannot exchange, cut off between the two renames. */
  exchangeHalf(): void {
    renameSync(this.layout.target, this.paths.oldApp);
  }

  /** The installed version, which is to be displaced, does not answer when it is asked to take its place again. */
  makeExchangerHang(): void {
    const program = join(this.layout.target, 'Contents', 'MacOS', 'Nexy');
    const text = readFileSync(program, 'utf8');
    writeFileSync(
      program,
      text.replace(/--updater-exchange\) exec .*/, '--updater-exchange) exec /bin/sleep 600 ;;'),
    );
  }

  /** The whole way to where the watchdog opens the new version. */
  async install(options: Partial<WatchdogOptions> = {}): Promise<Watchdog> {
    const old = this.startOldProcess();
    const watchdog = await this.watch(old, options);
    await this.exchange();
    await endProcess(old);
    return watchdog;
  }

  /** Every start of either version so far. */
  starts(): readonly Started[] {
    return startsOf(this.#folder);
  }

  async nextStart(before: number): Promise<Started> {
    await until(() => this.starts().length > before, `start ${before + 1}`);
    const started = this.starts()[before];
    if (started === undefined) throw new Error('It did not start.');
    return started;
  }

  /** Until the watchdog has seen everything that is there now. */
  async wasSeen(looks = 2): Promise<void> {
    const count = (): number => (existsSync(this.#looks) ? readFileSync(this.#looks).length : 0);
    const before = count();
    await until(() => count() >= before + looks, 'the watchdog looks');
  }

  /** Until the watchdog has seen that nothing of ours runs any more. */
  sawTheEnd(): Promise<void> {
    return until(() => readFileSync(this.#looks, 'utf8').endsWith('n'), 'the watchdog sees the end');
  }

  /** A second one beside the first, which `open` would not start. */
  startSecond(user?: { readonly uid: number; readonly gid: number }): ChildProcess {
    const program = join(this.layout.target, 'Contents', 'MacOS', 'Nexy-sh');
    const child = spawn(program, ['-c', 'while :; do sleep 0.1; done'], { stdio: 'ignore', ...user });
    this.#children.push(child);
    return child;
  }

  /** As somebody would by hand. */
  openByHand(): Promise<unknown> {
    return this.tools.run('open', [this.layout.target]);
  }

  /** What the app writes down in its quit handler. */
  leaveQuitNote({ pid }: Started): void {
    writeFileSync(join(notesFolder(this.stateFolder), `${this.paths.id}.${pid}.quit`), '');
  }

  /** Everything that was written down, without times; `undone` with its reason. */
  steps(): readonly string[] {
    return parseJournal(readFileSync(this.paths.journal, 'utf8')).map((entry) =>
      entry.step === 'undone' ? `undone: ${entry.reason}` : entry.step,
    );
  }

  version(): string | null {
    return versionAt(this.layout.target);
  }

  async state(): Promise<InstallationState> {
    return (await readInstallationStatus(this.layout)).state;
  }

  /** The doubles, with a ps that tells what it saw, and the system's own, which may be deadly. */
  #makeTools({ killAtCall = 0, osascriptSays, openFails }: WatchedInstallOptions): string {
    const folder = join(this.#folder, 'tools');
    mkdirSync(folder);
    const write = (name: string, words: string): void =>
      writeFileSync(join(folder, name), `#!/bin/sh\n${words}\n`, { mode: 0o755 });
    for (const name of readdirSync(MACOS_TOOLS)) symlinkSync(join(MACOS_TOOLS, name), join(folder, name));
    for (const name of ['open', 'osascript', 'sync', ...SYSTEM_TOOLS]) {
      const real = SYSTEM_TOOLS.includes(name) ? `/bin/${name}` : join(MACOS_TOOLS, name);
      rmSync(join(folder, name), { force: true });
      const answers: Partial<Record<string, string | undefined>> = {
        osascript: osascriptSays === undefined ? undefined : `echo ${osascriptSays}`,
        open: openFails === undefined ? undefined : `echo '${openFails}' >&2; exit 1`,
      };
      const act = answers[name] ?? `exec '${real}' "$@"`;
      write(name, `${this.#dieAt(name, killAtCall)}\n${act}`);
    }
    rmSync(join(folder, 'ps'));
    write(
      'ps',
      `output=$('${join(MACOS_TOOLS, 'ps')}' "$@")
status=$?
printf '%s\\n' "$output"
case $output in *'${this.#folder}/'*) printf y >> '${this.#looks}' ;; *) printf n >> '${this.#looks}' ;; esac
exit $status`,
    );
    return folder;
  }

  /** Only for what the watchdog calls: what the test calls itself is in another process group. */
  #dieAt(name: string, call: number): string {
    return `group=$(cat '${this.#group}' 2>/dev/null)
read -r status < /proc/$$/stat
set_own_group() { own=$3; }
set_own_group \${status##*) }
if [ "$own" = "$group" ]; then
  echo ${name} >> '${this.#calls}'
  [ "$(wc -l < '${this.#calls}')" != ${call} ] || kill -KILL "-$own"
fi`;
  }

  async #end(): Promise<void> {
    for (const watchdog of this.#watchdogs) await watchdog.stop();
    for (const child of this.#children) await endProcess(child);
    endStarted(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A bundle whose program, a script, is seen by ps where it lies. */
export function makeRunningApp(app: string, version: string, behaviour: Behaviour): void {
  mkdirSync(join(app, 'Contents', 'MacOS'), { recursive: true });
  writeFileSync(
    join(app, 'Contents', 'Info.plist'),
    '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>CFBundleExecutable</key><string>Nexy</string></dict></plist>\n',
  );
  addRunningProgram(app, version, behaviour);
}

function identify(path: string): DirectoryIdentity {
  const identity = identityAt(path);
  if (identity === null) throw new Error(`${path} is no directory`);
  return identity;
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Waits for something to become true; a test that waits in vain fails at its own time limit. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let round = 0; round < 1000; round += 1) {
    if (await condition()) return;
    await wait(50);
  }
  throw new Error(`It did not happen: ${what}`);
}
