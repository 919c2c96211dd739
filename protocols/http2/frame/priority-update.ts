/** PRIORITY_UPDATE: reserved (1), prioritized stream identifier (31), priority field value (RFC 9218, section 7.1). */
export const PRIORITY_UPDATE_BYTES = 4;
