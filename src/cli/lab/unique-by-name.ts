/** The last of each name, in the order in which the names came. */
export function uniqueByName<Item extends { readonly name: string }>(
  items: readonly Item[],
): readonly Item[] {
  return [...new Map(items.map((item) => [item.name, item])).values()];
}
