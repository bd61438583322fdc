import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import { interruptSignal } from '../interrupt.ts';
import { type JsonOption, withJson } from '../options.ts';
import { openTerminal } from '../terminal.ts';
import { readSources, type SourceOptions, withSourceOptions } from './sources.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

interface ServeCommandOptions extends SourceOptions, JsonOption {
  readonly host: string;
  readonly port: number;
  readonly trustProxy: readonly string[];
  readonly rateLimit: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

export function serveCommand(): Command {
  const command = new Command('serve')
    .description(
      'serves manifests, and the appcasts made from them; reads only, and picks up changes by itself',
    )
    .option('--host <address>', 'the address to listen at', '127.0.0.1')
    .option('--port <number>', 'the port to listen at; 0 for any that is free', parsePort, 8080)
    .option(
      '--trust-proxy <address|network>',
      'a proxy whose X-Forwarded-For is believed (repeatable)',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option(
      '--rate-limit <number>',
      'requests that one address may make in a minute; 0 for no limit',
      parseCount,
      12_000,
    )
    .addOption(new Option('--log-level <level>', 'what is logged').choices(LOG_LEVELS).default('info'))
    .addHelpText(
      'after',
      `
The log goes to stderr: JSON lines, or readable ones on a terminal. The first line on stdout says where the server
listens; with --json it is one JSON document. The server speaks plain HTTP: put what ends TLS in front of it, and name
that with --trust-proxy. Ctrl-C or SIGTERM finishes the answers that are under way and then ends it.

Example:
  $ nexy-update-server serve --manifests manifests/ --downloads downloads/ --port 8080`,
    )
    .action(runServe);
  return withJson(withSourceOptions(command));
}

async function runServe(options: ServeCommandOptions): Promise<void> {
  const signal = interruptSignal();
  const { startUpdateServer } = await import('../../server/serve.ts');
  const terminal = openTerminal(options.json);
  const sources = await readSources(options);
  const { log, flush } = await openLog(options.logLevel);
  const { host, port } = options;
  const server = await startUpdateServer({
    ...sources,
    host,
    port,
    trustedProxies: options.trustProxy,
    requestsPerMinute: options.rateLimit,
    log,
  });
  const folder = resolve(options.manifests);
  // On one line, unlike other documents: whoever starts the server reads lines until this one comes.
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ listening: server.origin, port: server.port, manifests: folder })}\n`,
    );
  terminal.say(`Serving ${folder} at ${server.origin}/`);
  await new Promise<void>((fulfil) => {
    if (signal.aborted) fulfil();
    else signal.addEventListener('abort', () => fulfil(), { once: true });
  });
  log.info('Finishing the answers that are under way');
  await server.close();
  log.info('Ended');
  flush();
}

interface Log {
  readonly log: Logger;
  /** Writes what is still to be written. */
  flush(): void;
}

/** To stderr, so that stdout holds the one line that tells where the server listens. */
async function openLog(level: string): Promise<Log> {
  const { pino, destination, stdTimeFunctions } = await import('pino');
  const settings = { level, base: null, timestamp: stdTimeFunctions.isoTime };
  if (process.stderr.isTTY) {
    const { default: pretty } = await import('pino-pretty');
    const stream = pretty({ destination: 2, sync: true, colorize: !process.env['NO_COLOR'] });
    return { log: pino(settings, stream), flush: () => undefined };
  }
  // Not a line at a time: under load, writing would take longer than answering.
  const stream = destination({ fd: 2, sync: false });
  return { log: pino(settings, stream), flush: () => stream.flushSync() };
}

function parsePort(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return Number(value);
  throw new InvalidArgumentError('It has to be a number from 0 to 65535.');
}

function parseCount(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It has to be a whole number.');
}
