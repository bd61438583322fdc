import { join } from 'node:path';
import { makeApp } from '../../support/make-app.ts';
import { type ContractRow, recorded, type Scene } from '../contract.ts';

const nexy = (scene: Scene) => join(scene.folder, 'Nexy.app');

async function signAdHoc(scene: Scene): Promise<void> {
  await makeApp({
    folder: scene.folder,
    bundleId: 'com.nexy.assistant',
    executable: { kind: 'mach-o', architectures: ['arm64'] },
    sign: false,
    tools: '',
  });
  await scene.run('codesign', ['-f', '-s', '-', nexy(scene)]);
}

export const rows: readonly ContractRow[] = [
  {
    tool: 'gktool',
    name: 'ad hoc and not quarantined: allowed',
    needs: ['fixtures'],
    prepare: signAdHoc,
    arguments: (scene) => ['scan', nexy(scene)],
    status: 0,
    stdout: recorded('gktool__scan-allowed.txt'),
    source: 'gktool__scan-allowed.txt',
    runsOn: 'both',
  },
  {
    tool: 'gktool',
    name: 'ad hoc and quarantined: refused',
    needs: ['fixtures', 'xattr'],
    prepare: async (scene) => {
      await signAdHoc(scene);
      await scene.run('xattr', ['-w', 'com.apple.quarantine', '0081;00000000;Safari;', nexy(scene)]);
    },
    arguments: (scene) => ['scan', nexy(scene)],
    status: 1,
    // The recording is wrapped by its source.
    stdout: recorded('gktool__scan-rejected.txt', () => [['signed by a\n', 'signed by a ']]),
    source: 'gktool__scan-rejected.txt',
    runsOn: 'double',
  },
  {
    tool: 'gktool',
    name: 'help, by which it is known whether the tool is there',
    arguments: () => ['--help'],
    status: 0,
    stdout: /scan/,
    source: 'unverified: no recording of the text',
    runsOn: 'both',
  },
  {
    tool: 'gktool',
    name: 'an unknown verb',
    arguments: () => ['judge'],
    status: 2,
    stderr: /judge/,
    source: 'unverified: no recording of the text or the status',
    runsOn: 'double',
  },
];
