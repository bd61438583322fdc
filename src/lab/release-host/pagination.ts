const DEFAULT_SIZE = 30;
const LARGEST_SIZE = 100;

/**
 * One page of a list, and the Link header that leads to the others (GitHub's "Using pagination in the REST API").
 * A page beyond the last is empty.
 *
 * @param origin that of the API, for the links
 */
export function paginate<Item>(
  all: readonly Item[],
  url: URL,
  origin: string,
): { readonly items: readonly Item[]; readonly link: Readonly<Record<string, string>> } {
  const size = Math.min(LARGEST_SIZE, positive(url.searchParams.get('per_page')) ?? DEFAULT_SIZE);
  const page = positive(url.searchParams.get('page')) ?? 1;
  const last = Math.max(1, Math.ceil(all.length / size));
  const items = all.slice((page - 1) * size, page * size);

  const relations: [string, number][] = [];
  if (page > 1) relations.push(['prev', Math.min(page - 1, last)]);
  if (page < last) relations.push(['next', page + 1], ['last', last]);
  if (page > 1) relations.push(['first', 1]);
  if (relations.length === 0) return { items, link: {} };
  const link = relations.map(([relation, target]) => `<${addressOf(target)}>; rel="${relation}"`).join(', ');
  return { items, link: { link } };

  function addressOf(target: number): string {
    const address = new URL(url.pathname + url.search, origin);
    address.searchParams.set('page', String(target));
    return address.href;
  }
}

function positive(text: string | null): number | null {
  const number = Number(text ?? '');
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}
