/**
 * A signal that fires on the first Ctrl-C (SIGINT), SIGTERM or SIGHUP, so that the command can clean up. A second
 * one ends the process at once; `recover` then repairs.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  return controller.signal;
}
