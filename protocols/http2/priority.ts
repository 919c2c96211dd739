/** How soon a response is wanted (RFC 9218, section 4). */
export interface Priority {
  /** 0 (first) to 7 (last). */
  readonly urgency: number;
  /** Useful in pieces: shares the connection with its equals instead of waiting for them to be complete. */
  readonly incremental: boolean;
}

/**
 * Of a stream whose client said nothing. The RFC's default is not incremental, which it means for clients that prioritise;
 * with one that never does, a large download would let all others of the connection wait, so those share.
 */
export const NO_PRIORITY: Priority = Object.freeze({ urgency: 3, incremental: true });

export const URGENCIES = 8;

/** A Priority field value; members that are unknown or wrong are ignored, as RFC 9218, section 4, has it. */
export function parsePriority(value: string): Priority {
  let urgency = 3;
  let incremental = false;
  for (const member of value.split(',', MAX_MEMBERS)) {
    const text = member.trim();
    if (text === 'i' || text === 'i=?1') incremental = true;
    else if (text === 'i=?0') incremental = false;
    else if (text.length === 3 && text.startsWith('u=')) {
      const digit = text.charCodeAt(2) - 0x30;
      if (digit >= 0 && digit < URGENCIES) urgency = digit;
    }
  }
  return { urgency, incremental };
}

/** Members that are looked at: there are two, and a field of 16 KiB of commas is nobody's wish. */
const MAX_MEMBERS = 8;
