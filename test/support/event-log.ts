import { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { formatWireNotation } from './wire-notation.ts';

/** Lines of a transcript's events block; data that arrives in pieces becomes one line. */
export class EventLog {
  readonly #lines: string[] = [];
  #dataName = '';
  #data: Buffer[] = [];

  /** Text whose chars are octets, in wire notation. */
  static quote(text: string): string {
    return formatWireNotation(Buffer.from(text, 'latin1'));
  }

  get lines(): readonly string[] {
    this.#settleData();
    return this.#lines;
  }

  add(line: string): void {
    this.#settleData();
    this.#lines.push(line);
  }

  addFields(kind: string, fields: HeaderList): void {
    for (let i = 0; i < fields.length; i += 2)
      this.add(`${kind} ${fields[i]}: ${EventLog.quote(fields[i + 1]!)}`);
  }

  addData(name: string, bytes: Buffer): void {
    if (name !== this.#dataName) this.#settleData();
    this.#dataName = name;
    this.#data.push(Buffer.from(bytes));
  }

  #settleData(): void {
    if (this.#data.length === 0) return;
    this.#lines.push(`${this.#dataName} ${formatWireNotation(Buffer.concat(this.#data))}`);
    this.#data = [];
  }
}
