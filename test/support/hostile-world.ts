import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MACOS_TOOLS } from './fixtures.ts';
import { ADMIN, ALICE, STAFF } from './other-user.ts';
import { quickTools, startRootScript } from './root-script.ts';

/** What an app of the attacker's says; found anywhere in a file of root's, root has installed other bytes. */
export const EVIL = 'bytes of the attacker';

const ID = '0mab12345deadbeef';

/**
 * The root script alone, on tools that are quick: what they do matters here, not how they speak. A disk image is a tar
 * archive, and a package is one that is unpacked into the folder of the app. Before the call with a given number, the attacker acts: a process
 * of a user who may write beside the target, as an administrator's may, and who owns the folder of the download.
 */
export class HostileWorld {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'nexy-hostile-')));
  readonly applications = join(this.folder, 'Applications');
  readonly target = join(this.applications, 'Nexy.app');
  readonly cache = join(this.folder, 'cache');
  readonly file = join(this.cache, 'update');
  readonly victim = join(this.folder, 'victim');
  readonly evil = join(this.folder, 'evil');
  readonly #tools = join(this.folder, 'tools');
  readonly #scratch = join(this.folder, 'scratch');
  readonly #kind: 'dmg' | 'pkg';
  readonly #sha256: string;
  readonly #size: number;

  constructor(kind: 'dmg' | 'pkg') {
    this.#kind = kind;
    // Whose home this is: the folder of the folder of the app is the attacker's too.
    this.#makeFolder(this.folder, ALICE.uid, 0o755);
    this.#makeFolder(this.applications, 0, 0o775);
    this.#makeFolder(this.cache, ALICE.uid, 0o700);
    this.#makeFolder(this.#scratch, 0, 0o777);
    writeFileSync(this.victim, 'only root may change this\n', { mode: 0o600 });
    makeApp(this.target, 'old');
    makeApp(join(this.evil, 'Nexy.app'), EVIL);
    const contents = join(this.folder, 'contents');
    makeApp(join(contents, 'Nexy.app'), 'new');
    execFileSync('tar', ['-cf', this.file, '-C', contents, 'Nexy.app']);
    rmSync(contents, { recursive: true });
    chownSync(this.file, ALICE.uid, STAFF);
    execFileSync('tar', ['-cf', join(this.evil, 'update'), '-C', this.evil, 'Nexy.app']);
    execFileSync('chown', ['-R', `${ALICE.uid}:${STAFF}`, this.evil]);
    const bytes = readFileSync(this.file);
    this.#size = bytes.length;
    this.#sha256 = createHash('sha256').update(bytes).digest('hex');
    this.#makeTools();
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the root script; the attacker acts before call `moment`. Tells how many calls there were. */
  async run(act: string, moment: number): Promise<{ readonly answer: string; readonly calls: number }> {
    writeFileSync(join(this.#scratch, 'moment'), String(moment));
    writeFileSync(join(this.#scratch, 'calls'), '0');
    writeFileSync(join(this.#scratch, 'placed'), '', { mode: 0o666 });
    chmodSync(join(this.#scratch, 'placed'), 0o666);
    // What lies at the target afterwards is the attacker's own doing; with another inode it is root's.
    const note = `stat -L -c %i ${this.target} > ${this.#scratch}/placed`;
    writeFileSync(join(this.folder, 'act'), `( ${act} )\n${note}\n`, { mode: 0o755 });
    const script = startRootScript({
      ...{ kind: this.#kind, user: ALICE.uid, file: this.file, size: this.#size, sha256: this.#sha256 },
      ...{ target: this.target, id: ID, notes: this.cache, tools: this.#tools, tick: 0.01 },
    });
    const { answer } = await script.ended;
    return { answer, calls: Number(readFileSync(join(this.#scratch, 'calls'), 'utf8')) };
  }

  /**
   * Everything that must not be, in sentences.
   *
   * @param knowsActs whether the attacker acted through `run`, so that it is known what lies at the target by its own
   *   hand
   */
  faults(knowsActs: boolean): readonly string[] {
    const faults: string[] = [];
    if (readFileSync(this.victim, 'utf8') !== 'only root may change this\n')
      faults.push('a file of root was written to');
    const visit = (path: string): void => {
      const status = lstatSync(path, { throwIfNoEntry: false });
      if (status === undefined) return;
      if (status.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
      else if (status.isFile() && status.uid === 0 && readFileSync(path).includes(EVIL))
        faults.push(`${path} holds bytes of the attacker, and belongs to root`);
    };
    visit(this.applications);
    // The attacker may put the folder aside, but root has not filled the one that stands in its place.
    for (const name of readdirSync(this.folder))
      if (name.startsWith('Applications.')) visit(join(this.folder, name));
    const version = this.#versionAt(this.target);
    if (knowsActs && version === EVIL && !this.#isPlacedByAttacker())
      faults.push('root installed the app of the attacker');
    if (version === null && !existsSync(`${this.target}.away`) && !existsSync(`${this.applications}.away`))
      faults.push('there is no app any more');
    return faults;
  }

  #versionAt(app: string): string | null {
    try {
      return readFileSync(join(app, 'Contents', 'version'), 'utf8');
    } catch {
      return null;
    }
  }

  #isPlacedByAttacker(): boolean {
    const inode = readFileSync(join(this.#scratch, 'placed'), 'utf8').trim();
    return String(statSync(this.target).ino) === inode;
  }

  #makeFolder(path: string, uid: number, mode: number): void {
    mkdirSync(path, { recursive: true });
    chownSync(path, uid, uid === 0 ? ADMIN : STAFF);
    chmodSync(path, mode);
  }

  #makeTools(): void {
    mkdirSync(this.#tools);
    const attacker = `setpriv --reuid=${ALICE.uid} --regid=${STAFF} --groups=${ADMIN}`;
    for (const [name, text] of Object.entries(quickTools(this.applications))) {
      const path = join(this.#tools, name);
      writeFileSync(
        path,
        `#!/bin/sh
read -r calls < ${this.#scratch}/calls
calls=$((calls + 1))
echo $calls > ${this.#scratch}/calls
read -r moment < ${this.#scratch}/moment
[ $calls != "$moment" ] || ${attacker} sh ${this.folder}/act < /dev/null > /dev/null 2>&1
${text}
`,
      );
      chmodSync(path, 0o755);
    }
    symlinkSync(join(MACOS_TOOLS, 'machine.json'), join(this.#tools, 'machine.json'));
  }
}

function makeApp(path: string, version: string): void {
  mkdirSync(join(path, 'Contents', 'MacOS'), { recursive: true });
  writeFileSync(join(path, 'Contents', 'version'), version);
}
