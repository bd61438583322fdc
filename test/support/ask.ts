import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As sent: nothing is decoded. */
  readonly body: Buffer;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One HTTP request that sends no header of its own accord but Host, and takes the answer as it comes. */
export function ask(origin: string, path: string, { method, headers, body }: Question = {}): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((fulfil, reject) => {
    const asking = request({ hostname, port, path, method: method ?? 'GET', headers: headers ?? {} });
    asking.on('error', reject);
    asking.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        fulfil({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asking.end(body);
  });
}

/** Sends bytes as they are, such as no HTTP client would, and gives all that comes back until the server closes. */
export function askRaw(origin: string, bytes: string | Uint8Array): Promise<Buffer> {
  const { hostname, port } = new URL(origin);
  return new Promise((fulfil) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    // What was cut off is an answer too.
    socket.on('error', () => undefined);
    socket.on('close', () => fulfil(Buffer.concat(chunks)));
  });
}
