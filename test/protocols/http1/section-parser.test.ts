import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Http1Rule } from '../../../protocols/http1/errors.ts';
import { DEFAULT_LIMITS, type Http1Limits } from '../../../protocols/http1/limits.ts';
import { FAULTY, NEED_MORE, SectionParser } from '../../../protocols/http1/section-parser.ts';
import { allCuts } from '../../support/cuts.ts';
import { octets } from '../../support/recording-output.ts';

class Section extends SectionParser {
  line = '';
  ends = 0;

  constructor(limits: Http1Limits = DEFAULT_LIMITS) {
    super(limits, true);
  }

  get all(): readonly string[] {
    return this.fields;
  }

  next(): void {
    this.restart(true);
  }

  protected override leadingBlankLine(): Http1Rule | undefined {
    return undefined;
  }

  protected override startLine(text: string, start: number, end: number): Http1Rule | undefined {
    this.line = text.slice(start, end);
    return this.line === 'bad' ? 'bad-method' : undefined;
  }

  protected override finish(): Http1Rule | undefined {
    this.ends += 1;
    return undefined;
  }
}

function receive(section: Section, text: string): number {
  const bytes = octets(text);
  return section.receive(bytes, 0, bytes.length);
}

describe('a section', () => {
  test('ends behind its empty line, and what comes behind that is not looked at', () => {
    const section = new Section();

    assert.equal(receive(section, 'line\r\na: b\r\n\r\n\0\n\0'), 14);
    assert.equal(section.line, 'line');
    assert.deepEqual(section.all, ['a', 'b']);
  });

  test('takes only the part it is given', () => {
    const section = new Section();
    const bytes = octets('xxline\r\n\r\nyy');

    assert.equal(section.receive(bytes, 2, 10), 10);
    assert.equal(section.line, 'line');
  });

  test('gives the index in the last piece', () => {
    const section = new Section();

    assert.equal(receive(section, 'line\r\na: b\r'), NEED_MORE);
    assert.equal(receive(section, '\n\r'), NEED_MORE);
    assert.equal(receive(section, '\nrest'), 1);
  });

  test('says whether it has begun; empty lines in front do not count', () => {
    const section = new Section();
    assert.deepEqual([section.begun, section.untouched], [false, true]);
    receive(section, '\r');
    assert.deepEqual([section.begun, section.untouched], [true, false]);
    receive(section, '\n');
    assert.deepEqual([section.begun, section.untouched], [false, false]);
    receive(section, 'l');
    assert.deepEqual([section.begun, section.untouched], [true, false]);
  });

  test('is forgotten by a restart', () => {
    const section = new Section({ ...DEFAULT_LIMITS, headers: 1, headBytes: 20 });
    receive(section, 'line\r\na: b\r\n\r\n');

    section.next();

    assert.equal(section.untouched, true);
    assert.equal(receive(section, 'line\r\nc: d\r\n\r\n'), 14);
    assert.deepEqual(section.all, ['c', 'd']);
  });

  test('is read across the borders of its windows', () => {
    const fields = Array.from({ length: 150 }, (_, i) => `name-${i}: ${'v'.repeat(100 + i)}`);
    const section = new Section();
    const text = `line\r\n${fields.join('\r\n')}\r\n\r\n`;
    assert.ok(text.length > 2 * 8192);

    assert.equal(receive(section, `${text}rest`), text.length);
    assert.deepEqual(
      section.all,
      fields.flatMap((field) => field.split(': ')),
    );
  });

  test('is faulty where the start line is', () => {
    const section = new Section();

    assert.equal(receive(section, 'bad\r\n'), FAULTY);
    assert.equal(section.fault?.rule, 'bad-method');
  });
});

describe('limits', () => {
  const limits: Http1Limits = { headBytes: 40, lineBytes: 16, headers: 3 };
  const line = (length: number) => 'l'.repeat(length);
  const field = (length: number) => `x:${'v'.repeat(length - 2)}`;
  const cases: readonly (readonly [what: string, text: string, expected: string])[] = [
    ['a start line of the longest length', `${line(16)}\r\n\r\n`, 'ends'],
    ['a start line of one more', `${line(17)}\r\n\r\n`, 'target-too-long'],
    ['a start line of one more without CR', `${line(17)}\n`, 'bare-lf'],
    ['a start line of one more and no end', line(17), 'waits'],
    ['a start line of two more and no end', line(18), 'target-too-long'],
    ['a field line of the longest length', `l\r\n${field(16)}\r\n\r\n`, 'ends'],
    ['a field line of one more', `l\r\n${field(17)}\r\n\r\n`, 'field-too-long'],
    ['the last field line allowed', 'l\r\na:\r\nb:\r\nc:\r\n\r\n', 'ends'],
    ['one field line more', 'l\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n', 'too-many-fields'],
  ];
  for (const [what, text, expected] of cases) {
    test(`${what} ${expected}`, () => {
      for (const pieces of allCuts(octets(text))) {
        assert.equal(outcome(new Section(limits), pieces), expected);
      }
    });
  }

  for (const [bytes, expected] of [
    [40, 'ends'],
    [41, 'head-too-large'],
  ] as const) {
    test(`a head of ${bytes} bytes, its empty line included, ${expected}`, () => {
      // 18 for the start line, 2 for the empty one.
      const text = `${line(16)}\r\n${field(8)}\r\n${field(bytes - 18 - 10 - 2 - 2)}\r\n\r\n`;
      assert.equal(text.length, bytes);

      for (const pieces of allCuts(octets(text))) {
        assert.equal(outcome(new Section(limits), pieces), expected);
      }
    });
  }

  test('of the head come before those of a line when they are met first', () => {
    const text = `${line(16)}\r\n${field(16)}\r\n${'y'.repeat(30)}`;

    for (const pieces of allCuts(octets(text))) {
      assert.equal(outcome(new Section(limits), pieces), 'head-too-large');
    }
  });

  test('cost a sender that dribbles no more than one that does not', () => {
    const section = new Section({ headBytes: 1e6, lineBytes: 1e6, headers: 1 });
    const octet = octets('x');

    const started = process.cpuUsage().user;
    for (let i = 0; i < 500_000; i++) section.receive(octet, 0, 1);

    // Squares of this would be minutes.
    assert.ok(process.cpuUsage().user - started < 5e6);
  });

  function outcome(section: Section, pieces: readonly Buffer[]): string {
    for (const piece of pieces) {
      const after = section.receive(piece, 0, piece.length);
      if (after === FAULTY) return section.fault!.rule;
      if (after !== NEED_MORE) return 'ends';
    }
    return 'waits';
  }
});
