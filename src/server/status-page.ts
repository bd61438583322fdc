import { makeHealth } from './reports.ts';
import type { SiteInput, SiteOptions } from './site.ts';

export const STATUS_PAGE_STYLE = 'body{font:1rem/1.5 system-ui}';

export function makeStatusPage(input: SiteInput, options: SiteOptions): string {
  const health = makeHealth(input, options);
  return `<!doctype html><html lang="en"><style>${STATUS_PAGE_STYLE}</style><title>Updates</title><p>${health.status}</p></html>\n`;
}
