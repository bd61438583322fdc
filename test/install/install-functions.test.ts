import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseJournal } from '../../src/install/journal.ts';
import { asPsPrints, readStartTime } from '../../src/install/processes.ts';
import { Tools } from '../../src/install/tools.ts';
import { MACOS_TOOLS, REPOSITORY } from '../support/fixtures.ts';
import { writeRecordedTool } from '../support/recorded-tool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { SHELLS } from '../support/watched-install.ts';

const FUNCTIONS = join(REPOSITORY, 'resources', 'install-functions.sh');
const BEGIN =
  '{"step":"begin","at":"2026-11-24T12:00:00Z","target":"/t","bundleId":"b","from":"1","to":"2","sha256":"c"}\n';

for (const { name, shell } of SHELLS) {
  const title = `functions of the watchdog and the root script under ${name}`;
  describe.skipIf(shell === null)(`${title}${shell === null ? ' (skipped: not installed)' : ''}`, () => {
    /** Runs a few words of shell after the functions were read. */
    const run = (words: string, variables: Readonly<Record<string, string>> = {}, cwd = '/') => {
      const [program = '', ...options] = shell ?? [];
      const { status, stdout, stderr } = spawnSync(
        program,
        [...options, '-c', `set -u; . "$FUNCTIONS"; ${words}`],
        {
          cwd,
          env: { PATH: '/usr/bin:/bin', FUNCTIONS, TOOLS: MACOS_TOOLS, TICK: '0.05', ...variables },
          // With a socket there, which Node makes of a pipe, bash reads a user's own settings.
          stdio: ['ignore', 'pipe', 'pipe'],
          encoding: 'utf8',
        },
      );
      return { status, stdout, stderr };
    };

    it('write a path as ps does', () => {
      const bytes = Array.from({ length: 0x7f }, (_, index) => String.fromCharCode(index + 1)).join('');
      for (const text of [
        bytes,
        'a\u00a0b \u0080 \u00ff é 🎧 日本',
        '/Applications/Nexy.app',
        '%s \\012 $HOME',
      ]) {
        expect(run('in_ps_notation "$TEXT"', { TEXT: text }).stdout).toBe(asPsPrints(text));
      }
    });

    it('know a process by its number and its start, since numbers are given out again', async () => {
      const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
      const ask = (pid: number, start: string, tools = MACOS_TOOLS): number | null =>
        run('is_running "$PID" "$START"', { PID: String(pid), START: start, TOOLS: tools }).status;
      try {
        const pid = child.pid ?? 0;
        const start = await readStartTime(pid, new Tools(MACOS_TOOLS));
        expect(ask(pid, start)).toBe(0);
        expect(ask(pid, `  ${start.replaceAll(' ', '   ')}  `)).toBe(0);
        expect(ask(pid, start.replace(/\d{4}$/, '2001'))).toBe(1);
        // Where ps cannot be asked nobody has ended.
        expect(ask(pid, start, '/no/such/folder')).toBe(0);
        const limited = run('wait_for_end "$PID" "$START" 3', { PID: String(pid), START: start });
        expect(limited.status).toBe(1);
        child.kill('SIGKILL');
        await once(child, 'exit');
        expect(ask(pid, start)).toBe(1);
        expect(run('wait_for_end "$PID" "$START" 3', { PID: String(pid), START: start }).status).toBe(0);
      } finally {
        child.kill('SIGKILL');
      }
    });

    it('do not take a dead process that nobody has buried for a running one', async () => {
      const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 600'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const pid = Number(String((await once(parent.stdout, 'data'))[0]));
        while (!/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
          await once(parent.stdout, 'readable', { signal: AbortSignal.timeout(20) }).catch(() => 0);
        const start = await readStartTime(pid, new Tools(MACOS_TOOLS));
        expect(run('is_running "$PID" "$START"', { PID: String(pid), START: start }).status).toBe(1);
      } finally {
        parent.kill('SIGKILL');
      }
    });

    it.each([
      ['a whole last line', BEGIN],
      ['a last line that a crash cut off', `${BEGIN}{"step":"exch`],
      ['bytes that were never written', `${BEGIN}\0\0\0`],
      ['nothing', ''],
    ])('add a line to a journal that ends with %s', async (_, before) => {
      const journal = join(await temporaryFolder(), 'journal');
      writeFileSync(journal, before);
      const words = `write_journal undone ',"reason":"failed-starts"'; journal_has undone && echo yes`;
      expect(run(words, { JOURNAL: journal }).stdout).toBe('yes\n');
      const entries = parseJournal(readFileSync(journal, 'utf8'));
      expect(entries.at(-1)).toEqual({ step: 'undone', at: expect.any(String), reason: 'failed-starts' });
      expect(Math.abs(Date.now() - Date.parse(entries.at(-1)?.at ?? ''))).toBeLessThan(60_000);
      expect(entries.length).toBe(before === '' ? 1 : 2);
    });

    it('write through no link, and make no journal', async () => {
      const folder = await temporaryFolder();
      const journal = join(folder, 'journal');
      expect(run('write_journal died', { JOURNAL: journal }).status).not.toBe(0);
      writeFileSync(join(folder, 'other'), '');
      symlinkSync('other', journal);
      expect(run('write_journal died', { JOURNAL: journal }).status).not.toBe(0);
      expect(statSync(join(folder, 'other')).size).toBe(0);
    });

    it('look nowhere else for a tool of Apple where a folder was named', async () => {
      const folder = await temporaryFolder();
      const path = (tool: string) =>
        run(`find_tool ${tool}; printf %s "$tool_path"`, { TOOLS: folder }).stdout;
      expect(path('open')).toBe(join(folder, 'open'));
      expect(path('sudo')).toBe(join(folder, 'sudo'));
      expect(path('mv')).toMatch(/^(\/usr)?\/bin\/mv$/);
      writeRecordedTool(folder, 'mv', { status: 0 });
      expect(path('mv')).toBe(join(folder, 'mv'));
    });

    it('hand nothing of their own on to tools, and to the app no locale or time zone', async () => {
      const folder = await temporaryFolder();
      const tell = '#!/bin/sh\nexec /usr/bin/env\n';
      for (const tool of ['ps', 'open']) writeFileSync(join(folder, tool), tell, { mode: 0o755 });
      const variables = {
        TOOLS: folder,
        TARGET: '/t',
        NODE_OPTIONS: 'x',
        DYLD_INSERT_LIBRARIES: 'y',
        USER: 'u',
      };
      const names = (words: string) =>
        run(words, variables)
          .stdout.split('\n')
          .map((line) => line.split('=')[0] ?? '');
      expect(names('tool ps')).toEqual(expect.arrayContaining(['LC_ALL', 'TZ', 'PATH', 'HOME']));
      expect(names('tool ps').join()).not.toMatch(/NODE|DYLD|TARGET|TOOLS/);
      expect(names('open_target')).toEqual(expect.arrayContaining(['PATH', 'HOME', 'USER', 'TMPDIR']));
      expect(names('open_target').join()).not.toMatch(/LC_ALL|TZ|NODE|DYLD|TARGET|TOOLS/);
    });

    it('open for another user in that one\u2019s session', async () => {
      const folder = await temporaryFolder();
      for (const tool of ['sudo', 'open']) writeRecordedTool(folder, tool, { status: 0 });
      writeFileSync(join(folder, 'launchctl'), '#!/bin/sh\nfor each; do echo "<$each>"; done\n', {
        mode: 0o755,
      });
      const { stdout } = run('open_target', { TOOLS: folder, TARGET: '/a b', RUN_AS: '501' });
      const expected = [
        'asuser',
        '501',
        join(folder, 'sudo'),
        '-n',
        '-u',
        '#501',
        join(folder, 'open'),
        '/a b',
      ];
      expect(stdout).toBe(expected.map((word) => `<${word}>\n`).join(''));
    });

    it.each([
      [
        'the old process is still going away',
        '_LSOpenURLsWithCompletionHandler() failed with error -600.\n',
        '',
      ],
      ['nobody answers', '_LSOpenURLsWithCompletionHandler() failed with error -1712.\n', ''],
      ['the session is closed', '_LSOpenURLsWithCompletionHandler() failed with error -54\n', ''],
      [
        'it has no program',
        'error=Error Domain=NSOSStatusErrorDomain Code=-10827 "kLSNoExecutableErr"\n',
        '1',
      ],
    ])(
      'tell a session that is not there from an app that cannot be opened: %s',
      async (_, stderr, blamed) => {
        const folder = await temporaryFolder();
        writeRecordedTool(folder, 'open', { stderr, status: 1 });
        const { stdout } = run('launch; echo "$?:$LAUNCH_FAILED:$AWAITED"', {
          TOOLS: folder,
          TARGET: '/t',
          TICK: '0',
        });
        expect(stdout).toBe(`1:${blamed}:0\n`);
      },
    );

    it('try again to open what could not be opened a moment ago', async () => {
      const folder = await temporaryFolder();
      const script = `#!/bin/sh\necho x >> '${folder}/tries'\n[ $(wc -l < '${folder}/tries') -gt 2 ] || { echo 'failed with error -600.' >&2; exit 1; }\n`;
      writeFileSync(join(folder, 'open'), script, { mode: 0o755 });
      const { stdout } = run('launch; echo "$?:$LAUNCH_FAILED:$AWAITED"', {
        TOOLS: folder,
        TARGET: '/t',
        TICK: '0',
      });
      expect(stdout).toBe('0::30\n');
    });

    describe('exchange two directories', () => {
      const make = async () => {
        const folder = await temporaryFolder();
        for (const each of ['Nexy\n"2" é.app', 'staging/old'])
          mkdirSync(join(folder, each), { recursive: true });
        writeFileSync(join(folder, 'Nexy\n"2" é.app', 'new'), '');
        writeFileSync(join(folder, 'staging/old', 'old'), '');
        const variables = { TARGET: join(folder, 'Nexy\n"2" é.app'), ASIDE: join(folder, 'staging/old') };
        const at = (path: string) => (existsSync(path) ? readdirSync(path).join() : null);
        return {
          folder,
          variables,
          target: () => at(variables.TARGET),
          aside: (which: string) => at(join(folder, 'staging', which)),
        };
      };
      const EXCHANGE = 'exchange_directories "$TARGET" "$ASIDE"';

      it('in one step', async () => {
        const { variables, target, aside } = await make();
        const inode = statSync(variables.ASIDE).ino;
        expect(run(EXCHANGE, variables)).toEqual({ status: 0, stdout: '', stderr: '' });
        expect([target(), aside('old'), aside('new')]).toEqual(['old', 'new', null]);
        expect(run('inode_of "$TARGET"', variables).stdout).toBe(String(inode));
      });

      it('named from inside a folder', async () => {
        const { folder, target, aside } = await make();
        expect(
          run(`exchange_directories '../Nexy\n"2" é.app' ./old`, {}, join(folder, 'staging')).status,
        ).toBe(0);
        expect([target(), aside('old')]).toEqual(['old', 'new']);
      });

      it.each([22, 45, 78, 102])('by two renames where the volume answers %d', async (answer) => {
        const { folder, variables, target, aside } = await make();
        writeRecordedTool(folder, 'osascript', { stdout: `${answer}\n`, status: 0 });
        expect(run(EXCHANGE, { ...variables, TOOLS: folder }).status).toBe(0);
        expect([target(), aside('old'), aside('new')]).toEqual(['old', null, 'new']);
      });

      it.each([
        ['it is not allowed', { stdout: '1\n', status: 0 }],
        ['osascript fails', { stderr: 'execution error: (-2700)\n', status: 1 }],
      ])('not at all where %s', async (_, recording) => {
        const { folder, variables, target, aside } = await make();
        writeRecordedTool(folder, 'osascript', recording);
        expect(run(EXCHANGE, { ...variables, TOOLS: folder }).status).toBe(1);
        expect([target(), aside('old'), aside('new')]).toEqual(['new', 'old', null]);
      });

      it('and put the first back when the second rename fails', async () => {
        const { folder, variables, target, aside } = await make();
        writeRecordedTool(folder, 'osascript', { stdout: '45\n', status: 0 });
        const script = `#!/bin/sh\ncase $1 in */old) exit 1 ;; *) exec /bin/mv "$@" ;; esac\n`;
        writeFileSync(join(folder, 'mv'), script, { mode: 0o755 });
        expect(run(EXCHANGE, { ...variables, TOOLS: folder }).status).toBe(1);
        expect([target(), aside('old'), aside('new')]).toEqual(['new', 'old', null]);
      });

      it('and let nothing be put into something that lies in the way', async () => {
        const { folder, variables, target, aside } = await make();
        renameSync(variables.ASIDE, join(folder, 'spare'));
        mkdirSync(variables.ASIDE);
        mkdirSync(join(folder, 'staging', 'new'));
        writeRecordedTool(folder, 'osascript', { stdout: '45\n', status: 0 });
        expect(run(EXCHANGE, { ...variables, TOOLS: folder }).status).toBe(1);
        expect([target(), aside('new')]).toEqual(['new', '']);
      });
    });
  });
}
