import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bfeReading } from '../../../../src/route/condition/bfe-reading.ts';
import { ConditionFault } from '../../../../src/route/condition/condition-fault.ts';
import { formatCondition } from '../../../../src/route/condition/format-condition.ts';
import { MAX_CONDITION_DEPTH, MAX_CONDITION_LENGTH } from '../../../../src/route/condition/limits.ts';
import { parseCondition, type Reading } from '../../../../src/route/condition/parser.ts';

test('! binds tighter than &&, and && tighter than ||', () => {
  assert.equal(read('a() && b() || c()'), '(a() && b()) || c()');
  assert.equal(read('a() || b() && c()'), 'a() || (b() && c())');
  assert.equal(read('!a() && b()'), '!a() && b()');
  assert.equal(read('!(a() && b())'), '!(a() && b())');
  assert.equal(read('!!a()'), '!!a()');
  assert.equal(read('a() && b() && c() || d()'), '(a() && b() && c()) || d()');
  assert.equal(read('(a() || b()) && c()'), '(a() || b()) && c()');
  assert.equal(read('((a()))'), 'a()');
});

test('BFE binds || tighter than &&', () => {
  assert.equal(read('a() && b() || c()', 'bfe'), 'a() && (b() || c())');
  assert.equal(read('a() || b() && c()', 'bfe'), '(a() || b()) && c()');
  assert.equal(read('!a() || b()', 'bfe'), '!a() || b()');
});

test('a text in double quotes has escapes, one in back quotes has none', () => {
  assert.equal(textIn('f("a\\"b\\\\c\\td")'), 'a"b\\c\td');
  assert.equal(textIn('f("\\x41\\101\\u00e9\\U0001F600")'), 'AAé😀');
  assert.equal(textIn('f(`a\\d"\n`)'), 'a\\d"\n');
  assert.equal(textIn('f(`a\r\nb`)'), 'a\nb');
  assert.equal(textIn('f("\\.php$")'), '\\.php$');
  assert.equal(textIn('f("a|b||c")'), 'a|b||c');
  assert.equal(textIn('f("// no comment")'), '// no comment');
  assert.equal(textIn('f("é")'), 'é');
});

test('BFE leaves escapes as they stand', () => {
  assert.equal(textIn('f("\\\\.jpg\\"")', 'bfe'), '\\\\.jpg\\"');
});

test('blanks, line ends and comments stand anywhere between', () => {
  assert.equal(read(' a ( "x" ,\n true ) // first\r\n&&\t( b() // second, and the text ends'), undefined);
  assert.equal(read(' a ( "x" ,\n true ) // first\r\n&&\tb() // the end'), 'a("x", true) && b()');
});

test('the place of every part is known', () => {
  const text = 'a() && !bb("x", false)';
  const node = parseCondition(text);
  assert.ok(!(node instanceof ConditionFault) && node.kind === 'and');
  const [first, second] = node.operands;
  assert.ok(second?.kind === 'not' && second.operand.kind === 'call');
  const parts = [node, first!, second, second.operand, ...second.operand.args].map(({ offset, length }) =>
    text.slice(offset, offset + length),
  );

  assert.deepEqual(parts, [text, 'a()', '!bb("x", false)', 'bb("x", false)', '"x"', 'false']);
});

const FAULTS: readonly (readonly [text: string, message: RegExp, at: string, hint?: RegExp])[] = [
  ['', /missing at the end/, '', /default_t\(\)/],
  ['  // nothing', /missing at the end/, ''],
  ['a() &&', /missing at the end/, ''],
  ['a() b()', /unexpected b behind a condition/, 'b', /&& and \|\|/],
  ['a() "x"', /unexpected a text behind a condition/, '"x"'],
  ['a() & b()', /a single & means nothing here/, '&', /write &&/],
  ['a() | b()', /a single \| means nothing here/, '|', /write \|\|/],
  ['a', /a has no arguments/, 'a', /write a\(…\)/],
  ['a && b()', /a has no arguments/, 'a'],
  ['(a()', /never closed/, '('],
  ['a("x"', /never closed/, '('],
  ['a())', /unexpected \) behind a condition/, ')'],
  ['a("x" "y")', /expected \), but found a text/, '"y"'],
  ['a(,)', /expected an argument, but found ,/, ','],
  ['a("x",)', /expected an argument, but found \)/, ')'],
  ['a(b)', /expected an argument, but found b/, 'b', /put it in quotes: "b"/],
  ['a(True)', /expected an argument, but found True/, 'True'],
  ['a(b())', /expected an argument, but found b/, 'b'],
  ['true', /true has no arguments/, 'true'],
  ['&& a()', /expected a condition, but found &&/, '&&'],
  ['a() && )', /expected a condition, but found \)/, ')'],
  ['a("x', /no closing "/, '"x'],
  ['a("x\n")', /no closing "/, '"x\n")'],
  ['a("x\\")', /no closing "/, '"x\\")'],
  ['a(`x', /no closing `/, '`x'],
  ["a('x')", /unexpected character "'"/, "'", /double quotes/],
  ['a(“x”)', /unexpected character "“"/, '“', /double quotes/],
  ['a("\\d")', /\\d is not an escape/, '\\d', /back quotes/],
  ['a("\\', /\\ is not an escape/, '\\'],
  ['a("\\x4")', /\\x is not an escape/, '\\x'],
  ['a("\\ud800")', /\\ud800 is not a character/, '\\ud800'],
  ['a("\\U00110000")', /is not a character/, '\\U00110000'],
  ['a("\\xe9")', /\\xe9 is not a character/, '\\xe9', /character itself/],
  ['a("\\377")', /\\377 is not a character/, '\\377'],
  ['a() ; b()', /unexpected character ";"/, ';'],
  ['a() && 😀()', /unexpected character "😀"/, '😀'],
  ['1a()', /expected a condition, but found 1a/, '1a'],
  ['a() == b()', /unexpected character "="/, '='],
];

for (const [text, message, at, hint] of FAULTS) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    const fault = parseCondition(text);

    assert.ok(fault instanceof ConditionFault);
    assert.match(fault.message, message);
    assert.equal(text.slice(fault.offset, fault.offset + fault.length), at);
    if (hint !== undefined) assert.match(fault.hint ?? '', hint);
  });
}

test('length and nesting are bounded', () => {
  const longest = `a("${'x'.repeat(MAX_CONDITION_LENGTH - 5)}")`;
  assert.equal(longest.length, MAX_CONDITION_LENGTH);
  assert.ok(!(parseCondition(longest) instanceof ConditionFault));
  const longer = parseCondition(`${longest} `);
  assert.ok(longer instanceof ConditionFault);
  assert.match(longer.message, /more than 65536 characters/);
  assert.equal(longer.length, 1);

  for (const nest of [
    (depth: number) => `${'('.repeat(depth)}a()${')'.repeat(depth)}`,
    (depth: number) => `${'!'.repeat(depth)}a()`,
    (depth: number) => `${'!('.repeat(depth / 2)}a()${')'.repeat(depth / 2)}`,
  ]) {
    assert.ok(!(parseCondition(nest(MAX_CONDITION_DEPTH)) instanceof ConditionFault));
    const fault = parseCondition(nest(MAX_CONDITION_DEPTH + 2));
    assert.ok(fault instanceof ConditionFault);
    assert.match(fault.message, /nested more than 100 deep/);
  }
});

test('what stands beside each other is not nested', () => {
  const many = Array.from({ length: 5000 }, () => '(!a())').join('&&');

  assert.ok(!(parseCondition(many) instanceof ConditionFault));
});

test('tells what BFE would make of a text when that is something else', () => {
  assert.deepEqual(bfeReading('a() && b() || c()'), {
    ours: '(a() && b()) || c()',
    theirs: 'a() && (b() || c())',
  });
  assert.equal(bfeReading('a() || b() && c()')?.theirs, '(a() || b()) && c()');
  assert.deepEqual(bfeReading('a("\\\\d")'), { ours: 'a(`\\d`)', theirs: 'a(`\\\\d`)' });
  for (const same of [
    'a() && (b() || c())',
    'a() || b() || c()',
    '!a() && b()',
    'a("\\.jpg")',
    'a(`\\d`)',
    'a(',
  ]) {
    assert.equal(bfeReading(same), undefined, same);
  }
});

function read(text: string, reading?: Reading): string | undefined {
  const node = parseCondition(text, reading);
  return node instanceof ConditionFault ? undefined : formatCondition(node);
}

function textIn(text: string, reading?: Reading): unknown {
  const node = parseCondition(text, reading);
  assert.ok(!(node instanceof ConditionFault) && node.kind === 'call', String(node));
  return node.args[0]?.value;
}
