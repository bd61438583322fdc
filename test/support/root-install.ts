import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseJournal } from '../../src/install/journal.ts';
import { type Layout, layoutOf, nextStagingId, stagingPaths } from '../../src/install/layout.ts';
import { readStartTime } from '../../src/install/processes.ts';
import { Tools } from '../../src/install/tools.ts';
import { MACOS_TOOLS } from './fixtures.ts';
import { ALICE, STAFF } from './other-user.ts';
import { quickTools, type RootScript, type RootScriptOptions, startRootScript } from './root-script.ts';
import { type Behaviour, endStarted, type Started, startsOf, versionAt } from './running-app.ts';
import { endProcess, makeRunningApp } from './watched-install.ts';

/**
 * An app of root's that Alice uses, an update of it that was downloaded for her, and the root script that installs it,
 * on tools that are quick. Both versions really run.
 */
export class RootInstall {
  readonly folder: string;
  readonly layout: Layout;
  readonly notes: string;
  readonly tools: Tools;
  readonly #file: string;
  readonly #kind: 'dmg' | 'pkg';
  readonly #size: number;
  readonly #sha256: string;
  readonly #children: ChildProcess[] = [];

  static async make(kind: 'dmg' | 'pkg', behaviour: Behaviour = 'stay'): Promise<RootInstall> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nexy-root-')));
    return new RootInstall(folder, await layoutOf(join(folder, 'Applications', 'Nexy.app')), kind, behaviour);
  }

  private constructor(folder: string, layout: Layout, kind: 'dmg' | 'pkg', behaviour: Behaviour) {
    this.folder = folder;
    this.notes = join(folder, 'notes');
    this.#file = join(folder, 'update');
    this.layout = layout;
    this.#kind = kind;
    chmodSync(folder, 0o755);
    mkdirSync(layout.parent);
    mkdirSync(this.notes);
    chownSync(this.notes, ALICE.uid, STAFF);
    // Whoever runs the app writes down that it was started.
    writeFileSync(join(folder, 'started'), '');
    chmodSync(join(folder, 'started'), 0o666);
    this.tools = new Tools(this.#makeTools());
    const contents = join(folder, 'contents');
    makeRunningApp(join(contents, 'Nexy.app'), '2.0', behaviour);
    execFileSync('tar', ['-cf', this.#file, '-C', contents, 'Nexy.app']);
    rmSync(contents, { recursive: true });
    const bytes = readFileSync(this.#file);
    this.#size = bytes.length;
    this.#sha256 = createHash('sha256').update(bytes).digest('hex');
    this.installOld();
  }

  /** 1.0, in place of whatever is there, and nothing beside it. */
  installOld(): void {
    for (const name of readdirSync(this.layout.parent)) {
      rmSync(join(this.layout.parent, name), { recursive: true });
    }
    makeRunningApp(this.layout.target, '1.0', 'stay');
  }

  /** Alice's app, which is to end before anything happens. */
  async startOldProcess(): Promise<{ readonly pid: number; readonly start: string; end(): Promise<void> }> {
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    this.#children.push(child);
    const { pid = 0 } = child;
    return { pid, start: await readStartTime(pid, this.tools), end: () => endProcess(child) };
  }

  async start(options: Partial<RootScriptOptions> = {}): Promise<RootScript & { readonly id: string }> {
    const id = await nextStagingId(this.layout, new Date());
    const { target } = this.layout;
    const begin = { target, bundleId: 'com.nexy.assistant', from: '1.0', to: '2.0', sha256: this.#sha256 };
    const script = startRootScript({
      ...{ kind: this.#kind, user: ALICE.uid, file: this.#file, size: this.#size, sha256: this.#sha256 },
      ...{ target, id, notes: this.notes, tools: this.tools.folder ?? '', tick: 0.05 },
      begin: JSON.stringify({ step: 'begin', at: new Date().toISOString(), ...begin }),
      ...options,
    });
    return { ...script, id };
  }

  version(): string | null {
    return versionAt(this.layout.target);
  }

  steps(id: string): readonly string[] {
    const { journal } = stagingPaths(this.layout, id);
    const text = existsSync(journal) ? readFileSync(journal, 'utf8') : '';
    return parseJournal(text).map((entry) => {
      if (entry.step === 'undone') return `undone: ${entry.reason}`;
      return entry.step === 'failed' ? `failed: ${entry.code}` : entry.step;
    });
  }

  /** Names of everything beside the app, without ids. */
  beside(): readonly string[] {
    const names = readdirSync(this.layout.parent).filter((name) => name !== basename(this.layout.target));
    return names.map((name) => name.replace(/-[0-9a-z]{17}/, '-*'));
  }

  starts(): readonly Started[] {
    return startsOf(this.folder);
  }

  leaveNote(name: string): void {
    writeFileSync(join(this.notes, name), '');
  }

  async close(): Promise<void> {
    for (const child of this.#children) await endProcess(child);
    endStarted(this.folder);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #makeTools(): string {
    const folder = join(this.folder, 'tools');
    mkdirSync(folder);
    for (const [name, text] of Object.entries(quickTools(this.layout.parent))) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    symlinkSync(join(MACOS_TOOLS, 'machine.json'), join(folder, 'machine.json'));
    return folder;
  }
}
