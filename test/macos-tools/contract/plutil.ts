import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serialize } from '@plist/plist';
import { type ContractRow, readRecording, recorded, type Scene } from '../contract.ts';

const MAN_PAGE = 'plutil(1)';
const list = (scene: Scene) => join(scene.folder, 'Info.plist');

/** Info.plist, binary or XML (numbers of PlistFormat of @plist/common). */
const write = (format: 0 | 1) => async (scene: Scene) => {
  const value = { CFBundleVersion: '2.0.0.46', list: ['a', 'b'], inner: { yes: true, number: 7 } };
  const content = format === 0 ? new Uint8Array(serialize(value, 0)) : serialize(value, 1);
  await writeFile(list(scene), content);
};

function row(name: string, rest: Omit<ContractRow, 'tool' | 'name'>): ContractRow {
  return { tool: 'plutil', name, ...rest };
}

export const rows: readonly ContractRow[] = [
  ...([0, 1] as const).map((format) =>
    row(`a value as it is, from ${format === 0 ? 'a binary' : 'an XML'} list`, {
      prepare: write(format),
      arguments: (scene) => ['-extract', 'CFBundleVersion', 'raw', '-o', '-', list(scene)],
      status: 0,
      stdout: '2.0.0.46\n',
      source: MAN_PAGE,
      runsOn: 'both',
    }),
  ),
  row('a value further down, by its key path', {
    prepare: write(1),
    arguments: (scene) => ['-extract', 'inner.number', 'raw', '-o', '-', list(scene)],
    status: 0,
    stdout: '7\n',
    source: MAN_PAGE,
    runsOn: 'both',
  }),
  row('of an array, raw is its length', {
    prepare: write(1),
    arguments: (scene) => ['-extract', 'list', 'raw', '-o', '-', list(scene)],
    status: 0,
    stdout: '2\n',
    source: MAN_PAGE,
    runsOn: 'both',
  }),
  row('no value under a key: said on standard output', {
    prepare: write(1),
    arguments: (scene) => ['-extract', 'CFBundleShortVersionString', 'raw', '-o', '-', list(scene)],
    status: 1,
    stdout: recorded('plutil__extract-no-value.txt', (scene) => [['<file>', list(scene)]]),
    source: 'fixtures/macos-outputs/plutil__extract-no-value.txt',
    runsOn: 'both',
  }),
  row('a file that is no list: said on standard output', {
    prepare: (scene) => writeFile(list(scene), Buffer.from([1, 2, 3, 4, 5, 6])),
    arguments: (scene) => ['-extract', 'CFBundleIdentifier', 'xml1', '-o', '-', list(scene)],
    status: 1,
    stdout: recorded('plutil__extract-not-a-plist.txt', (scene) => [['<file>', list(scene)]]),
    source: 'fixtures/macos-outputs/plutil__extract-not-a-plist.txt',
    runsOn: 'both',
  }),
  row('a file that is no list cannot be converted either', {
    prepare: (scene) => writeFile(list(scene), Buffer.from([1, 2, 3])),
    arguments: (scene) => ['-convert', 'xml1', '-o', '-', list(scene)],
    status: 1,
    // Recorded on an older system, which stops after the first sentence, and without the invisible character.
    stdout: (text, scene) => {
      const [sentence = ''] = readRecording('plutil__convert-not-a-plist.txt').trimEnd().split('\n');
      const withoutName = sentence
        .replace(/^testaccount\.chat/, list(scene))
        .replace(/character .*? at/, 'character \u0001 at');
      return text.startsWith(withoutName);
    },
    source: 'fixtures/macos-outputs/plutil__convert-not-a-plist.txt',
    runsOn: 'both',
  }),
  row('standard input that is no list', {
    input: 'launchctl says something else',
    arguments: () => ['-convert', 'json', '-o', '-', '-'],
    status: 1,
    stdout: (text) => {
      const [known = ''] = readRecording('plutil__stdin-not-a-plist.txt').split('\n');
      return text.startsWith('<stdin>: ') && text.includes(known.replace('character {', 'character l'));
    },
    source: 'fixtures/macos-outputs/plutil__stdin-not-a-plist.txt',
    runsOn: 'both',
  }),
  row('a file that is not there', {
    arguments: (scene) => ['-convert', 'xml1', list(scene)],
    status: 1,
    stdout: (text, scene) => {
      const known = readRecording('plutil__no-such-file.txt').trimEnd();
      return text.startsWith(`${list(scene)}${known.slice(known.indexOf(': '))}`);
    },
    source: 'fixtures/macos-outputs/plutil__no-such-file.txt',
    runsOn: 'both',
  }),
  row('converts to XML on standard output and leaves the file alone', {
    prepare: write(0),
    arguments: (scene) => ['-convert', 'xml1', '-o', '-', list(scene)],
    status: 0,
    stdout: /^<\?xml version="1\.0"[\s\S]*<key>CFBundleVersion<\/key>\s*<string>2\.0\.0\.46<\/string>/,
    source: MAN_PAGE,
    runsOn: 'both',
  }),
  row('a sound list is OK', {
    prepare: write(0),
    arguments: (scene) => ['-lint', list(scene)],
    status: 0,
    stdout: (text, scene) => text === `${list(scene)}: OK\n`,
    source: MAN_PAGE,
    runsOn: 'both',
  }),
  row('a torn list is not', {
    prepare: (scene) =>
      writeFile(list(scene), '<?xml version="1.0"?><plist version="1.0"><dict><key>a</key>'),
    arguments: (scene) => ['-lint', list(scene)],
    status: 1,
    stdout: /: /,
    source: `${MAN_PAGE}; unverified: the words`,
    runsOn: 'both',
  }),
];
