/** Longest delay a timer of the platform can hold, milliseconds: a little under 25 days (596h). A longer one would fire at once. */
export const LONGEST_DELAY_MS: number = 2 ** 31 - 1;
