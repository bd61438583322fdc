import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly url: string;
  /** The `host:port` of every CONNECT. */
  readonly tunnels: string[];
  readonly authorizations: (string | undefined)[];
  close(): Promise<void>;
}

/**
 * A real CONNECT proxy on loopback. Every name leads to `target`, whatever it is.
 *
 * @param login what it asks for, as `user:password`; nobody is asked where it is left out
 * @param challenge how it asks
 * @param tls speaks TLS to its clients
 */
export async function startConnectProxy(
  target: string,
  login?: string,
  challenge = 'Basic realm="The office"',
  tls: { readonly key: string; readonly cert: string } | null = null,
): Promise<ConnectProxy> {
  const tunnels: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const refuse: RequestListener = (_, response) => response.writeHead(501).end();
  const server = tls === null ? createServer(refuse) : createSecureServer(tls, refuse);
  server.on('connect', (request, client: Socket, head) => {
    tunnels.push(request.url ?? '');
    const authorization = request.headers['proxy-authorization'];
    authorizations.push(authorization);
    if (login !== undefined && authorization !== `Basic ${Buffer.from(login).toString('base64')}`) {
      client.end(
        `HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`,
      );
      client.on('error', () => {});
      return;
    }
    const { hostname, port } = new URL(target);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls === null ? 'http' : 'https'}://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    authorizations,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
