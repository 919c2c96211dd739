/** Time as a port: rooms are handed one, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds from an arbitrary origin, never going back; for deadlines and durations. */
  now(): number;
  /** Milliseconds since the epoch; for logs and dates only. */
  wall(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
};
