import type { BomEntry } from './bill-of-materials.ts';
import type { PackageComponent } from './package-contents.ts';
import type { PayloadEntry } from './package-payload.ts';

/** One thing about which a component's bill of materials and its payload say different things. */
export interface Disagreement {
  readonly path: string;
  /** `missing`: listed, and not there; `unlisted`: there, and not listed. */
  readonly what: 'missing' | 'unlisted' | 'kind' | 'size' | 'link';
}

/**
 * What the Installer is told (`Bom`) against what it unpacks (`Payload`). Sound packages agree in everything; where
 * they do not, one of the two was changed after the package was built.
 *
 * @returns none also where there is nothing to compare: a payload that cannot be read, or no bill of materials
 */
export function compareBomAndPayload({ bom, payload }: PackageComponent): readonly Disagreement[] {
  if (bom === null || payload === null) return [];
  const listed = new Map(bom.map((entry) => [entry.path, entry]));
  const found = new Map(payload.map((entry) => [entry.path, entry]));
  return [
    ...bom
      .filter(({ path }) => !found.has(path))
      .map(({ path }): Disagreement => ({ path, what: 'missing' })),
    ...payload.flatMap((entry): readonly Disagreement[] => {
      const line = listed.get(entry.path);
      if (line === undefined) return [{ path: entry.path, what: 'unlisted' }];
      const what = differenceOf(line, entry);
      return what === null ? [] : [{ path: entry.path, what }];
    }),
  ];
}

const LOW_BITS = 2 ** 32;

function differenceOf(line: BomEntry, entry: PayloadEntry): Disagreement['what'] | null {
  if (line.kind !== entry.kind) return 'kind';
  if (line.linkTarget !== entry.linkTarget) return 'link';
  if (entry.kind === 'file' && line.size !== entry.size % LOW_BITS) return 'size';
  return null;
}
