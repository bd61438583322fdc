/** The architecture of the hardware, not of the running process. */
export type Architecture = 'arm64' | 'x86_64';

const ARCHITECTURES: ReadonlyMap<string, readonly Architecture[]> = new Map([
  ['universal2', ['arm64', 'x86_64']],
  ['universal', ['arm64', 'x86_64']],
  ['arm64', ['arm64']],
  ['aarch64', ['arm64']],
  ['x86_64', ['x86_64']],
  ['x64', ['x86_64']],
]);

/**
 * The architectures that a manifest's `arch` names; null where it names none (no requirement). A name that
 * nobody knows adds nothing, so an artifact of only such names fits no Mac.
 */
export function parseArch(arch: string | null): readonly Architecture[] | null {
  const names = (arch ?? '').toLowerCase().split(/[\s,+]/);
  const given = names.filter((name) => name !== '');
  return given.length === 0 ? null : given.flatMap((name) => ARCHITECTURES.get(name) ?? []);
}

/** A macOS version as numbers (`26.5.2`, `13`, `11.0`), or null. */
export function parseMacosVersion(text: string): readonly number[] | null {
  const version = text.trim();
  return /^\d{1,9}(?:\.\d{1,9}){0,3}$/.test(version) ? version.split('.').map(Number) : null;
}

/**
 * The version of the running macOS, or null where it is unknown. macOS 11 and later call themselves 10.16 to
 * old programs (SYSTEM_VERSION_COMPAT), which tells nothing about the real one.
 */
export function parseRunningMacos(text: string | null): readonly number[] | null {
  const version = parseMacosVersion(text ?? '');
  return version !== null && version[0] === 10 && version[1] === 16 ? null : version;
}

/** Compares part by part, missing parts being 0. */
export function isMacosAtLeast(running: readonly number[], minimum: readonly number[]): boolean {
  for (const [index, part] of minimum.entries()) {
    const difference = (running[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
