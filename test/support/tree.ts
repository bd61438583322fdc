import { createHash } from 'node:crypto';
import { lchownSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One line for everything in a folder: path, kind, permissions, and a digest of the contents or the target of a
 * link. Two folders with equal lines are equal byte for byte.
 */
export function describeTree(root: string): readonly string[] {
  const lines: string[] = [];
  const visit = (path: string, name: string): void => {
    const status = lstatSync(path);
    if (status.isSymbolicLink()) lines.push(`${name} -> ${readlinkSync(path)}`);
    else if (status.isDirectory()) {
      lines.push(`${name}/`);
      for (const entry of readdirSync(path).sort()) visit(join(path, entry), `${name}/${entry}`);
    } else {
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      lines.push(`${name} ${(status.mode & 0o777).toString(8)} ${digest}`);
    }
  };
  visit(root, '.');
  return lines;
}

/** Gives a folder and everything in it to somebody; links are not followed. */
export function chownTree(root: string, uid: number, gid: number): void {
  lchownSync(root, uid, gid);
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    lchownSync(join(entry.parentPath, entry.name), uid, gid);
  }
}
