import type { Channel } from '../config.ts';

/** How a manifest says where its artifact lies (DESIGN.md section 1). */
export type Generation = 'version-tag' | 'fixed-tag' | 'no-url' | 'direct';

export const ARTIFACT_TYPES = ['dmg', 'pkg'] as const;
export type ArtifactType = (typeof ARTIFACT_TYPES)[number];

export function isArtifactType(type: string | undefined): type is ArtifactType {
  return ARTIFACT_TYPES.some((known) => known === type);
}

/** The legacy tags whose files were replaced in place, by type and channel. */
const FIXED_TAGS: Readonly<Record<ArtifactType, Readonly<Record<Channel, string>>>> = {
  dmg: { stable: 'Update', beta: 'UpdateBeta' },
  pkg: { stable: 'App', beta: 'AppBeta' },
};

export interface FixedTag {
  readonly name: string;
  readonly type: ArtifactType;
  readonly channel: Channel;
}

/** The fixed tag of that name, or null. Tags are case-sensitive: `update` is none. */
export function findFixedTag(name: string): FixedTag | null {
  for (const type of ARTIFACT_TYPES) {
    for (const channel of ['stable', 'beta'] as const) {
      if (FIXED_TAGS[type][channel] === name) return { name, type, channel };
    }
  }
  return null;
}

export function fixedTagOf(type: ArtifactType, channel: Channel): string {
  return FIXED_TAGS[type][channel];
}
