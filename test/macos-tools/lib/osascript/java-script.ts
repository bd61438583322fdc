import { constants as system } from 'node:os';
import { createContext, runInContext } from 'node:vm';
import koffi from 'koffi';
import { ToolEnd } from '../tool.ts';

/** <linux/fs.h>, where macOS has renamex_np(2) with RENAME_SWAP, of the same value. */
const AT_FDCWD = -100;

/** Numbers of <sys/errno.h> on macOS, where they differ from Linux's. */
const APPLE_ERRORS: Readonly<Record<string, number>> = {
  ENOTEMPTY: 66,
  ENOSYS: 78,
  ENOTSUP: 45,
  EOPNOTSUPP: 45,
  ELOOP: 62,
  ENAMETOOLONG: 63,
};

/**
 * JavaScript for Automation, as far as the product uses it: `run(argv)`, and C functions through
 * `ObjC.bindFunction(name, [result, [arguments]])`, which become methods of `$` (JavaScript for Automation Release
 * Notes, "Bindings to C Functions"). The functions are real; renamex_np is this system's renameat2.
 */
export function runJavaScript(script: string, scriptArguments: readonly string[]): string {
  const bound: Record<string, unknown> = {};
  const context = createContext({
    $: bound,
    ObjC: {
      import: (): void => undefined,
      bindFunction: (name: string, [result, types]: [string, readonly string[]]): void => {
        bound[name] = bind(name, result, types);
      },
    },
  });
  try {
    runInContext(script, context);
    const answer: unknown = runInContext(
      `typeof run === 'function' ? run(${JSON.stringify(scriptArguments)}) : undefined`,
      context,
    );
    return answer === undefined || answer === null ? '' : String(answer);
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new ToolEnd(1, `0:0: execution error: Error: ${text} (-2700)\n`);
  }
}

function bind(name: string, result: string, types: readonly string[]): unknown {
  // errno(2): a pointer to the number, which a script reads with [0].
  if (name === '__error') return () => [appleError(koffi.errno())];
  const library = koffi.load(process.platform === 'darwin' ? '/usr/lib/libSystem.B.dylib' : 'libc.so.6');
  if (name === 'renamex_np' && process.platform !== 'darwin') {
    if (result !== 'int' || types.join() !== 'char *,char *,unsigned int')
      throw new Error('renamex_np is int (char *, char *, unsigned int)');
    const rename = library.func('int renameat2(int, const char *, int, const char *, unsigned int)');
    return (from: string, to: string, flags: number) => rename(AT_FDCWD, from, AT_FDCWD, to, flags);
  }
  return library.func(name, result, [...types]);
}

function appleError(number: number): number {
  const name = Object.entries(system.errno).find(([, value]) => value === number)?.[0] ?? '';
  return APPLE_ERRORS[name] ?? number;
}
