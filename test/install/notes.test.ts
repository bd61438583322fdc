import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { confirmUpdate } from '../../src/install/confirm.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { noteQuit, notesFolder } from '../../src/install/notes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WatchedInstall } from '../support/watched-install.ts';

describe('the note of a clean quit', () => {
  it('is left for the install that waits to be confirmed, under the number of this process', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    noteQuit(install.layout, install.stateFolder);
    expect(readdirSync(notesFolder(install.stateFolder))).toEqual([
      `${install.paths.id}.${process.pid}.quit`,
    ]);
    expect(statSync(notesFolder(install.stateFolder)).mode & 0o777).toBe(0o700);
  });

  it('is not left where nothing is watched: no update, one that is only staged, one that has confirmed', async (context) => {
    const folder = await temporaryFolder();
    noteQuit(await layoutOf(join(folder, 'Nexy.app')), join(folder, 'state'));
    expect(readdirSync(folder)).toEqual([]);
    const install = await WatchedInstall.make(context);
    noteQuit(install.layout, install.stateFolder);
    await install.exchange();
    await confirmUpdate(install.layout, () => new Date());
    noteQuit(install.layout, install.stateFolder);
    expect(() => statSync(install.stateFolder)).toThrow('ENOENT');
  });

  it('stops no quit where it cannot be left', async (context) => {
    const install = await WatchedInstall.make(context);
    await install.exchange();
    writeFileSync(install.stateFolder, 'in the way');
    noteQuit(install.layout, install.stateFolder);
    chmodSync(install.paths.journal, 0o000);
    noteQuit(await layoutOf('/no/such/folder/Nexy.app'), install.stateFolder);
    expect(statSync(install.stateFolder).isFile()).toBe(true);
  });
});
