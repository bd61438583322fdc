/** One way to a host, as Chromium's proxy resolution names them. */
export type ProxyRoute =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly url: string }
  /** One that this client cannot go, e.g. `SOCKS5`. */
  | { readonly kind: 'unknown'; readonly scheme: string };

/**
 * Reads what `session.resolveProxy` answers: the list of a proxy auto-configuration file, e.g.
 * `PROXY a:8080; HTTPS b:443; DIRECT`, in the order in which they are to be tried. An empty list means direct.
 */
export function parseProxyList(answer: string): readonly ProxyRoute[] {
  const routes = answer
    .split(';')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(parseRoute);
  return routes.length === 0 ? [{ kind: 'direct' }] : routes;
}

function parseRoute(entry: string): ProxyRoute {
  const [scheme = '', place = ''] = entry.split(/\s+/);
  const name = scheme.toUpperCase();
  if (name === 'DIRECT') return { kind: 'direct' };
  const protocol = { PROXY: 'http:', HTTP: 'http:', HTTPS: 'https:' }[name];
  const url = protocol === undefined ? null : URL.parse(`${protocol}//${place}`);
  const isPlace = url !== null && url.host !== '' && url.pathname === '/' && url.username === '';
  return isPlace ? { kind: 'proxy', url: url.origin } : { kind: 'unknown', scheme: name.slice(0, 20) };
}
