/** Resolves when all sockets that have something to read by now were read: long work has traffic served between its parts. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
