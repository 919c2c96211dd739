import type { Clock } from '../core/clock.ts';

/** Something that gives up when its deadline passes. */
export interface Expiring {
  /** The deadline has passed and is no longer set. */
  expire(now: number): void;
}

/**
 * A coarse wheel: one for all deadlines of the connections of a process, and a finer one for what waits between attempts. Moving a deadline back, which every request does several times, is
 * one store: the wheel finds out when it comes by and looks again later. Deadlines fire up to three ticks late, never early.
 * When the process was stalled, what peers have sent meanwhile gets a turn of the loop before anyone's time is up.
 */
export class Deadlines {
  readonly clock: Clock;
  readonly #tickMs: number;
  readonly #internalError: (error: unknown) => void;
  /** Heads of circular lists. */
  readonly #slots: Deadline[];
  /** The tick whose slot was looked at last. */
  #tick = 0;
  /** The tick up to which slots are being looked at, or were. */
  #target = 0;
  #now = 0;
  #scheduled = 0;
  /** The last tick told of a stall, and nothing was judged by it. */
  #passedOver = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `internalError` is told what an owner throws: nothing may keep the wheel from turning, or end the process. */
  constructor(clock: Clock, internalError: (error: unknown) => void, tickMs = TICK_MS) {
    this.clock = clock;
    this.#tickMs = tickMs;
    this.#internalError = internalError;
    this.#slots = Array.from({ length: SLOTS }, () => new Deadline(this, NOBODY));
  }

  /**
   * The time `ms` from now, for `Deadline.set`. Taken from the wheel's last tick and a tick later: asking the clock for each of
   * the several deadlines of a request would cost more than they are worth.
   */
  after(ms: number): number {
    if (this.#timer === undefined) this.#now = this.clock.now();
    return this.#now + ms + this.#tickMs;
  }

  /** Runs everything that is due. Called by the timer, and by tests with a clock of theirs. */
  advance(): void {
    const now = this.clock.now();
    this.#passedOver = now - this.#now > STALL_TICKS * this.#tickMs && !this.#passedOver;
    this.#now = now;
    if (this.#passedOver) return;
    const target = this.#tickOf(now);
    this.#target = target;
    // After a stall of more than one turn of the wheel every slot is looked at once, the last one with the next tick.
    if (target - this.#tick >= SLOTS) this.#tick = target - SLOTS + 1;
    while (this.#tick < target) {
      this.#tick += 1;
      const slot = this.#slots[this.#tick % SLOTS]!;
      // What is scheduled anew while we walk goes to slots behind the walk, so the list only shrinks.
      while (slot.next !== slot) this.#visit(slot.next, now);
    }
    if (this.#scheduled > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Puts an unscheduled deadline where it will be looked at in time. */
  schedule(deadline: Deadline): void {
    if (this.#timer === undefined) {
      this.#now = this.clock.now();
      this.#tick = this.#tickOf(this.#now);
      this.#target = this.#tick;
      this.#timer = setInterval(() => this.advance(), this.#tickMs).unref();
    }
    const tick = Math.min(Math.max(this.#tickOf(deadline.at), this.#target) + 1, this.#tick + SLOTS - 1);
    deadline.visitAt = tick * this.#tickMs;
    deadline.linkBefore(this.#slots[tick % SLOTS]!);
    this.#scheduled += 1;
  }

  unschedule(deadline: Deadline): void {
    deadline.visitAt = Number.POSITIVE_INFINITY;
    deadline.unlink();
    this.#scheduled -= 1;
  }

  #tickOf(time: number): number {
    return Math.floor(time / this.#tickMs);
  }

  #visit(deadline: Deadline, now: number): void {
    this.unschedule(deadline);
    if (deadline.at <= now) {
      deadline.at = Number.POSITIVE_INFINITY;
      try {
        deadline.owner.expire(now);
      } catch (error) {
        this.#internalError(error);
      }
    } else if (deadline.at !== Number.POSITIVE_INFINITY) this.schedule(deadline);
  }
}

/** One deadline; lives as long as its owner, who cancels it at the end. */
export class Deadline {
  readonly owner: Expiring;
  /** Clock.now() at which to give up. */
  at = Number.POSITIVE_INFINITY;
  /** When the wheel looks at it next. The wheel's own, as are the links. */
  visitAt = Number.POSITIVE_INFINITY;
  next: Deadline = this;
  previous: Deadline = this;
  readonly #wheel: Deadlines;

  constructor(wheel: Deadlines, owner: Expiring) {
    this.#wheel = wheel;
    this.owner = owner;
  }

  set(at: number): void {
    this.at = at;
    if (at >= this.visitAt) return;
    if (this.visitAt !== Number.POSITIVE_INFINITY) this.#wheel.unschedule(this);
    this.#wheel.schedule(this);
  }

  /** No deadline for now. */
  clear(): void {
    this.at = Number.POSITIVE_INFINITY;
  }

  /** No deadline any more; nothing of it stays in the wheel. */
  cancel(): void {
    this.at = Number.POSITIVE_INFINITY;
    if (this.visitAt !== Number.POSITIVE_INFINITY) this.#wheel.unschedule(this);
  }

  linkBefore(head: Deadline): void {
    this.next = head;
    this.previous = head.previous;
    head.previous.next = this;
    head.previous = this;
  }

  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
  }
}

const TICK_MS = 50;
/** A tick that comes later than this after the one before tells of a stall. */
const STALL_TICKS = 2;
/** One turn of the wheel: 51 s with such ticks. Later deadlines are looked at once a turn. */
const SLOTS = 1024;

const NOBODY: Expiring = { expire() {} };
