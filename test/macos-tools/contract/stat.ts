import { chmod, lstat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractRow, Scene } from '../contract.ts';

const file = (scene: Scene) => join(scene.folder, 'file');

export const rows: readonly ContractRow[] = [
  {
    tool: 'stat',
    name: 'tells device, inode, owner, group and permissions',
    prepare: async (scene) => {
      await writeFile(file(scene), '');
      await chmod(file(scene), 0o640);
    },
    arguments: (scene) => ['-f', '%d %i %u %g %Lp', file(scene)],
    status: 0,
    stdout: /^\d+ \d+ \d+ \d+ 640\n$/,
    after: async (scene, { stdout }) => {
      const { dev, ino, uid, gid } = await lstat(file(scene), { bigint: true });
      if (stdout !== `${dev} ${ino} ${uid} ${gid} 640\n`) throw new Error(stdout);
    },
    source: 'stat(1), "-f"',
    runsOn: 'both',
  },
  {
    tool: 'stat',
    name: 'does not follow a link',
    prepare: async (scene) => {
      await writeFile(file(scene), '');
      await symlink('file', join(scene.folder, 'link'));
    },
    arguments: (scene) => ['-f', '%i', join(scene.folder, 'link')],
    status: 0,
    stdout: /^\d+\n$/,
    after: async (scene, { stdout }) => {
      const { ino } = await lstat(join(scene.folder, 'link'), { bigint: true });
      if (stdout !== `${ino}\n`) throw new Error(stdout);
    },
    source: 'stat(1): lstat(2) unless -L is given',
    runsOn: 'both',
  },
];
