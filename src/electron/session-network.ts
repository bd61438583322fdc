import { type HttpSettings, readAuthorities } from '../http.ts';
import type { ElectronClient } from './electron-client.ts';
import type { AskLogin, ProxyChallenge, SignedInAgent } from './proxy-agent.ts';
import { parseProxyList } from './proxy-list.ts';

/**
 * The network as Electron's session sees it, for the updater's own requests: the proxies of the system's settings,
 * with their auto-configuration files; names and passwords from the application's `login` event, as for its windows;
 * the certificates of the system's store, for hosts and for proxies.
 *
 * @param own certificates besides those, in PEM form
 */
export function sessionNetwork(
  electron: Pick<ElectronClient, 'app' | 'session'>,
  own: Pick<HttpSettings, 'certificateAuthority'> = {},
): Pick<HttpSettings, 'proxyAgentFor' | 'trustsSystemCertificates' | 'certificateAuthority'> {
  const agents = new Map<string, SignedInAgent>();
  const trust = { ...own, trustsSystemCertificates: true };
  return {
    ...trust,
    proxyAgentFor: async (url) => {
      const answer = await electron.session.defaultSession.resolveProxy(url.href);
      const routes = parseProxyList(answer);
      if (routes[0]?.kind === 'direct') return null;
      const [{ agentForRoutes, SignedInAgent }, certificates] = await Promise.all([
        import('./proxy-agent.ts'),
        readAuthorities(trust),
      ]);
      return agentForRoutes(routes, (proxy) => {
        const known =
          agents.get(proxy) ?? new SignedInAgent(proxy, askApplication(electron, url.origin), certificates);
        agents.set(proxy, known);
        return known;
      });
    },
  };
}

/**
 * Node's requests cause no `login` event of Electron's, so it is emitted here, as Electron does it: whoever prevents
 * the default answers by the callback, and otherwise there is no name and no password.
 */
function askApplication({ app }: Pick<ElectronClient, 'app'>, url: string): AskLogin {
  return (challenge: ProxyChallenge) =>
    new Promise((resolve) => {
      let isPrevented = false;
      const event = {
        get defaultPrevented(): boolean {
          return isPrevented;
        },
        preventDefault: () => {
          isPrevented = true;
        },
      };
      const answer = (username?: string, password?: string): void =>
        resolve(username === undefined || password === undefined ? null : { username, password });
      const details = { url, pid: process.pid, isRequestForNavigation: false };
      app.emit('login', event, null, details, challenge, answer);
      if (!isPrevented) resolve(null);
    });
}
