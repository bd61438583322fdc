import { describe, expect, it } from 'vitest';
import { paginate } from '../../../src/lab/release-host/pagination.ts';

const all = Array.from({ length: 250 }, (_, index) => index);
const page = (query: string) => paginate(all, new URL(`http://host/list${query}`), 'http://api');

describe('a page', () => {
  it('has 30 items, or as many as asked for up to 100', () => {
    expect(page('').items).toEqual(all.slice(0, 30));
    expect(page('?per_page=7&page=3').items).toEqual(all.slice(14, 21));
    expect(page('?per_page=1000').items).toEqual(all.slice(0, 100));
    expect(page('?per_page=100&page=3').items).toEqual(all.slice(200));
    for (const query of ['?per_page=0', '?per_page=-5', '?per_page=x', '?page=0']) {
      expect(page(query).items).toEqual(all.slice(0, 30));
    }
  });

  it('links to the others, on the API’s own origin, with the query kept', () => {
    expect(page('?per_page=100&x=y').link).toEqual({
      link: '<http://api/list?per_page=100&x=y&page=2>; rel="next", <http://api/list?per_page=100&x=y&page=3>; rel="last"',
    });
    expect(page('?per_page=100&page=3').link).toEqual({
      link: '<http://api/list?per_page=100&page=2>; rel="prev", <http://api/list?per_page=100&page=1>; rel="first"',
    });
    expect(page('?per_page=100&page=4').items).toEqual([]);
    expect(paginate(all.slice(0, 30), new URL('http://host/list'), 'http://api').link).toEqual({});
  });
});
