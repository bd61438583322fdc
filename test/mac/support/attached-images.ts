import { parseInfo } from '../../../src/install/hdiutil-output.ts';
import type { Tools } from '../../../src/install/tools.ts';

/** Devices (or mount points, where hdiutil names none) of the images that are mounted below these folders. */
export async function attachedBelow(folders: readonly string[], tools: Tools): Promise<readonly string[]> {
  const { stdout } = await tools.run('hdiutil', ['info', '-plist']);
  const isBelow = (path: string) => folders.some((folder) => path.startsWith(`${folder}/`));
  return (await parseInfo(stdout)).flatMap(({ device, mountPoints }) => {
    const mountPoint = mountPoints.find(isBelow);
    return mountPoint === undefined ? [] : [device ?? mountPoint];
  });
}

/** Nothing stays mounted below these folders, so that they can be removed. */
export async function detachBelow(folders: readonly string[], tools: Tools): Promise<void> {
  for (const name of await attachedBelow(folders, tools)) {
    const { status } = await tools.run('hdiutil', ['detach', name]);
    if (status !== 0) await tools.run('hdiutil', ['detach', name, '-force']);
  }
}
