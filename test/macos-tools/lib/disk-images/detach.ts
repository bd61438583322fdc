import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readMachine, ToolEnd } from '../tool.ts';
import { oneOperand, parseArguments } from './arguments.ts';
import { type Attachment, currentOwner, listAttachments, remove, update } from './attachments.ts';
import { failure } from './image.ts';

/** EBUSY: recorded for both kinds of busy (recordings' README, "Facts about exit statuses"). */
const BUSY = 16;

/** `hdiutil detach`: a mount point, `/dev/diskN`, `diskN` or a slice of it. */
export function detach(toolArguments: readonly string[]): number {
  const parsed = parseArguments('detach', { force: 0 }, toolArguments);
  const name = oneOperand('detach', parsed);
  if (Number.parseInt(readMachine().productVersion, 10) >= 27)
    process.stderr.write(
      "hdiutil: WARNING: 'hdiutil detach ...' is deprecated. Please use 'diskutil eject ...' instead.\n",
    );
  try {
    const attachment = find(name);
    // No recording has this case; the text is that of the system error.
    if (attachment === null) throw new ToolEnd(1, 'hdiutil: detach failed - No such file or directory\n');
    const disk = `disk${attachment.number}`;
    if (!parsed.options.has('force') && attachment.mountPoint !== null && isInUse(attachment.mountPoint))
      throw new ToolEnd(BUSY, `hdiutil: couldn't unmount "${disk}" - Resource busy\n`);
    const leaving: Attachment = { ...attachment, phase: 'detaching', owner: currentOwner() };
    update(leaving);
    remove(leaving);
    if (!parsed.options.has('quiet')) process.stdout.write(`"${disk}" ejected.\n`);
    return 0;
  } catch (error) {
    throw failure('detach', error);
  }
}

function find(name: string): Attachment | null {
  const attachments = listAttachments().filter((attachment) => attachment.phase === 'attached');
  const disk = /^(?:\/dev\/r?)?disk(\d+)(?:s\d+)*$/.exec(name)?.[1];
  if (disk !== undefined) {
    const number = Number(disk);
    return attachments.find((each) => each.number === number || each.synthesized === number) ?? null;
  }
  const path = realPath(name);
  return attachments.find((each) => each.mountPoint === path) ?? null;
}

function realPath(name: string): string {
  const path = resolve(name);
  try {
    return realpathSync(path);
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path));
    } catch {
      return path;
    }
  }
}

/** Whether a process has its working directory, its program or an open file there (proc(5)). */
function isInUse(mountPoint: string): boolean {
  const isBelow = (path: string) => path === mountPoint || path.startsWith(`${mountPoint}/`);
  for (const process of list('/proc')) {
    if (!/^\d+$/.test(process)) continue;
    const folder = join('/proc', process);
    const links = [
      ...['cwd', 'exe', 'root'].map((link) => join(folder, link)),
      ...list(join(folder, 'fd')).map((number) => join(folder, 'fd', number)),
    ];
    if (links.some((link) => isBelow(target(link)))) return true;
  }
  return false;
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
