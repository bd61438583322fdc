const MOST_STEPS = 64;

/**
 * Whether a link, followed with all links on its way, leaves a folder. Apple's tools follow at most 32 links
 * (MAXSYMLINKS); one that goes on for longer, or in a circle, counts as leaving.
 *
 * @param link absolute path of the link, within the folder
 * @param folder absolute path that nothing may leave
 * @param targetOf what the link at an absolute path points to, or null where there is none
 */
export function linkLeadsOut(
  link: string,
  folder: string,
  targetOf: (path: string) => string | null,
): boolean {
  const pending = (targetOf(link) ?? '').split('/');
  const base = folder.split('/').length;
  const at = link.split('/').slice(0, -1);
  if (isAbsolute(targetOf(link))) return true;
  for (let steps = 0; pending.length > 0; ) {
    const part = pending.shift() ?? '';
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at.pop();
      if (at.length < base) return true;
      continue;
    }
    const next = [...at, part].join('/');
    const target = targetOf(next);
    if (target === null) {
      at.push(part);
      continue;
    }
    steps += 1;
    if (steps > MOST_STEPS || isAbsolute(target)) return true;
    pending.unshift(...target.split('/'));
  }
  return false;
}

function isAbsolute(target: string | null): boolean {
  return target === null || target === '' || target.startsWith('/');
}
