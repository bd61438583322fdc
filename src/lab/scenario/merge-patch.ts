type Mapping = Readonly<Record<string, unknown>>;

/** JSON Merge Patch (RFC 7396): null takes a key away, mappings are merged, all else is replaced. */
export function mergePatch(target: unknown, patch: Mapping): Mapping {
  // A map keeps what is called __proto__ a key like any other.
  const merged = new Map(isMapping(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, isMapping(value) ? mergePatch(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
