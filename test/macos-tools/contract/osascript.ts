import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractRow, Scene } from '../contract.ts';

function row(name: string, rest: Omit<ContractRow, 'tool' | 'name'>): ContractRow {
  return { tool: 'osascript', name, ...rest };
}

const QUOTING = `on run argv
  set shellCommand to "printf '<%s>'"
  repeat with n from 1 to count of argv
    set shellCommand to shellCommand & " " & quoted form of item n of argv
  end repeat
  do shell script shellCommand without altering line endings
end run`;

/** What the root script does with it. */
const EXCHANGE = `function run(argv) {
  ObjC.bindFunction("renamex_np", ["int", ["char *", "char *", "unsigned int"]]);
  ObjC.bindFunction("__error", ["int *", []]);
  return $.renamex_np(argv[0], argv[1], 2) === 0 ? 0 : $.__error()[0];
}`;

const two = (scene: Scene) => [join(scene.folder, 'one'), join(scene.folder, 'two')] as const;

async function makeTwo(scene: Scene): Promise<void> {
  for (const path of two(scene)) {
    await mkdir(path);
    await writeFile(join(path, path.slice(-3)), '');
  }
}

export const rows: readonly ContractRow[] = [
  row('hands arguments to the shell as they are, through quoted form', {
    arguments: () => ['-e', QUOTING, "it's", 'two\nlines', '$(id)', '', '"é"'],
    status: 0,
    stdout: '<it\'s><two\nlines><$(id)><><"é">\n',
    source: 'AppleScript Language Guide, "quoted form"; Technical Note TN2065',
    runsOn: 'both',
  }),
  row('ends with the words and the exit status of a command that fails', {
    arguments: () => ['-e', 'on run argv\ndo shell script "echo why >&2; exit 10"\nend run'],
    status: 1,
    stderr: /^\d+:\d+: execution error: why \(10\)\n$/,
    source: 'Technical Note TN2065; form of fixtures/macos-outputs/osascript__user-canceled.txt',
    runsOn: 'both',
  }),
  row('has a sentence of its own for one that fails in silence', {
    arguments: () => ['-e', 'on run argv\ndo shell script "exit 3"\nend run'],
    status: 1,
    stderr: /^\d+:\d+: execution error: The command exited with a non-zero status\. \(3\)\n$/,
    source: 'Technical Note TN2065',
    runsOn: 'both',
  }),
  row('does not understand what is no AppleScript', {
    arguments: () => ['-e', 'on run argv\nnonsense here now\nend run'],
    status: 1,
    stderr: /^\d+:\d+: syntax error: .*\(-27\d\d\)\n$/,
    source: 'AppleScript Language Guide, "Error Numbers"',
    runsOn: 'double',
  }),
  row('gives the result of a JavaScript', {
    arguments: () => ['-l', 'JavaScript', '-e', 'function run(argv) { return argv.join("+"); }', 'a', 'b c'],
    status: 0,
    stdout: 'a+b c\n',
    source: 'JavaScript for Automation Release Notes, "Command Line"',
    runsOn: 'both',
  }),
  row('exchanges two folders through a C function', {
    prepare: makeTwo,
    arguments: (scene) => ['-l', 'JavaScript', '-e', EXCHANGE, ...two(scene)],
    status: 0,
    stdout: '0\n',
    after: async (scene) => {
      const found = await Promise.all(two(scene).map((path) => readdir(path)));
      if (found.flat().join() !== 'two,one') throw new Error(found.join());
    },
    source: 'JavaScript for Automation Release Notes, "Bindings to C Functions"; renamex_np(2)',
    runsOn: 'both',
  }),
  row('tells the number of the error where there is nothing to exchange', {
    arguments: (scene) => ['-l', 'JavaScript', '-e', EXCHANGE, ...two(scene)],
    status: 0,
    stdout: '2\n',
    source: 'renamex_np(2), ENOENT; errno(2)',
    runsOn: 'both',
  }),
];
