import type { HttpSettings } from '../http.ts';
import type { ElectronClient } from './electron-client.ts';
import type { AskLogin, ProxyChallenge, SignedInAgent } from './proxy-agent.ts';
import { parseProxyList } from './proxy-list.ts';

/**
 * The network as Electron's session sees it, for the updater's own requests: the proxies of the system's settings,
 * with their auto-configuration files; names and passwords from the application's `login` event, as for its windows;
 * the certificates of the system's store.
 */
export function sessionNetwork(
  electron: Pick<ElectronClient, 'app' | 'session'>,
): Pick<HttpSettings, 'proxyAgentFor' | 'trustsSystemCertificates'> {
  const agents = new Map<string, SignedInAgent>();
  return {
    trustsSystemCertificates: true,
    proxyAgentFor: async (url) => {
      const answer = await electron.session.defaultSession.resolveProxy(url.href);
      const routes = parseProxyList(answer);
      if (routes[0]?.kind === 'direct') return null;
      const { agentForRoutes, SignedInAgent } = await import('./proxy-agent.ts');
      return agentForRoutes(routes, (proxy) => {
        const known = agents.get(proxy) ?? new SignedInAgent(proxy, askApplication(electron, url.origin));
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
