import type { ArgumentNode, ConditionNode } from './syntax-tree.ts';

/**
 * A condition as text that everyone reads alike: each group inside another stands in parentheses. Parsed again, it gives the
 * same tree.
 */
export function formatCondition(node: ConditionNode): string {
  switch (node.kind) {
    case 'call':
      return `${node.name}(${node.args.map(formatArgument).join(', ')})`;
    case 'not':
      return `!${formatOperand(node.operand)}`;
    case 'and':
      return node.operands.map(formatOperand).join(' && ');
    case 'or':
      return node.operands.map(formatOperand).join(' || ');
  }
}

function formatOperand(node: ConditionNode): string {
  const text = formatCondition(node);
  return node.kind === 'and' || node.kind === 'or' ? `(${text})` : text;
}

function formatArgument({ kind, value }: ArgumentNode): string {
  if (kind !== 'text') return String(value);
  // Back quotes show patterns as they are; they cannot hold a back quote, and lose carriage returns.
  if (/["\\]/.test(value) && !/[`\r]/.test(value)) return `\`${value}\``;
  return `"${value.replace(TO_ESCAPE, (char) => ESCAPES.get(char) ?? `\\u${hex(char)}`)}"`;
}

const TO_ESCAPE = /["\\\x00-\x1f]/g;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, '0');
}
