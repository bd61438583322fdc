import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from './support/fixtures.ts';

const readme = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? '');

/** Compiles a text as if it were a file of the repository; the package's own name leads to its sources. */
function compile(code: string): readonly string[] {
  const { config } = ts.readConfigFile(join(REPOSITORY, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, REPOSITORY);
  const paths = {
    'nexy-updater': [join(REPOSITORY, 'src/index.ts')],
    'nexy-updater/electron': [join(REPOSITORY, 'src/electron/index.ts')],
  };
  const host = ts.createCompilerHost({ ...options, paths });
  const name = join(REPOSITORY, 'readme-example.ts');
  const { fileExists, readFile } = host;
  host.fileExists = (path) => path === name || fileExists(path);
  host.readFile = (path) => (path === name ? code : readFile(path));
  const program = ts.createProgram([name], { ...options, paths }, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the examples of the README', () => {
  it('are there', () => expect(examples.length).toBeGreaterThan(0));

  it.each(examples)('compile', (code) => {
    expect(compile(code)).toEqual([]);
  });

  it('would not compile with a mistake', () => {
    expect(compile("import { NexyUpdater } from 'nexy-updater';\nNexyUpdater.nothing();\n")).not.toEqual([]);
  });
});
