/**
 * Signals that come while a server is being loaded, before there is anything to stop: a stop is one without a server, and what is
 * to be loaded anew has not been read yet. Returns what gives the signals up to whoever obeys them from then on.
 */
export function obeyEarlySignals(exit: (code: number) => void): () => void {
  const stop = (): void => exit(0);
  const ignore = (): void => {};
  const handlers = [
    ['SIGTERM', stop],
    ['SIGINT', stop],
    ['SIGHUP', ignore],
    ['SIGUSR1', ignore],
  ] as const;
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
