/** What a part of a version may be at most: 9 digits (DESIGN.md section 1). */
const LARGEST_PART = 999_999_999;

/** The parts of the next version: the last part that can be raised is, and those after it are 0 again. Null where none can. */
export function raiseParts(parts: readonly number[]): readonly number[] | null {
  const raised = parts.findLastIndex((part) => part < LARGEST_PART);
  if (raised < 0) return null;
  return parts.map((part, index) => (index < raised ? part : index === raised ? part + 1 : 0));
}
