import {
  Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Draft } from './draft.ts';
import type { Report } from './report.ts';

/** Lines of collections that are written on one line. */
const MAX_LINE = 110;

/** The configuration as YAML for people: small mappings on one line, and above each part what was changed about it. */
export function writeYaml(draft: Draft, head: readonly string[], report: Report): string {
  const document = new Document();
  document.contents = document.createNode(withoutAbsent(draft)) as Node as typeof document.contents;
  dress(document.contents as unknown as Node, draft, report);
  document.commentBefore = head.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** The library would write what is undefined as null. */
function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, withoutAbsent(member)]),
  );
}

/** Gives nodes their comments and their form; `value` is what the node was made of. */
function dress(node: Node | null, value: unknown, report: Report): void {
  if (isScalar(node)) quote(node);
  else if (isSeq(node)) dressList(node, value as readonly unknown[], report);
  else if (isMap(node)) dressMapping(node, value as Draft, report);
}

function dressList(node: YAMLSeq, value: readonly unknown[], report: Report): void {
  node.items.forEach((item, i) => {
    dress(item as Node, value[i], report);
    comment(item as Node, value[i], report);
  });
  node.flow = node.items.every((item) => isScalar(item)) && lengthOf(value) <= MAX_LINE;
}

function dressMapping(node: YAMLMap, value: Draft, report: Report): void {
  for (const pair of node.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue;
    const member = value[String(pair.key.value)];
    dress(pair.value as Node | null, member, report);
    comment(pair.key, member, report);
  }
  const isSmall = lengthOf(value) <= MAX_LINE && !hasComments(value, report);
  node.flow = isSmall && node.items.every(({ value: member }) => isScalar(member) || isFlow(member as Node));
}

/** What is more than a word stands in quotes, so that nobody has to know which characters mean something in YAML. */
function quote(scalar: Scalar): void {
  const { value } = scalar;
  if (typeof value !== 'string' || PLAIN.test(value)) return;
  scalar.type = value.includes('"') && !value.includes("'") ? Scalar.QUOTE_SINGLE : Scalar.QUOTE_DOUBLE;
}

/** Words, file names, durations and sizes. */
const PLAIN = /^(?:[A-Za-z/][\w./-]*|\d+(?:ms|s|m|h|KiB|MiB))$/;

function isFlow(node: Node | null): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true;
}

function comment(node: Node, value: unknown, report: Report): void {
  if (typeof value !== 'object' || value === null) return;
  const comments = report.commentsOn(value);
  if (comments.length > 0) node.commentBefore = comments.map((text) => ` ${text}`).join('\n');
}

/** Whether a part within has something written above it. */
function hasComments(value: unknown, report: Report): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(
    (member) =>
      typeof member === 'object' &&
      member !== null &&
      (report.commentsOn(member).length > 0 || hasComments(member, report)),
  );
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value).length;
}
