/**
 * Reads the imports of a source file, of every form: static, for types, re-exports, for side effects, and `import(…)` as
 * an expression or as a type. The formatter (a condition of `npm run check`) puts every static one at the start of a
 * line, so that no parser is needed.
 */
export interface SourceImport {
  readonly specifier: string;
  /** Gone when the program runs: `import type`, `export type … from`, `import('…')` in a type is not among them. */
  readonly isTypeOnly: boolean;
}

export function importsOf(source: string): SourceImport[] {
  const code = withoutComments(source);
  return [
    ...Array.from(code.matchAll(STATIC), ([, type, specifier]) => ({
      specifier: specifier!,
      isTypeOnly: type !== undefined,
    })),
    ...Array.from(code.matchAll(CALLED), ([, specifier]) => ({ specifier: specifier!, isTypeOnly: false })),
  ];
}

/** Ways to load a module that cannot be followed by reading: a computed `import(…)`, `require`, the back doors of Node. */
export function hiddenImportsOf(source: string): string[] {
  return Array.from(withoutComments(source).matchAll(HIDDEN), ([text]) => text);
}

/** The source without its comments. Comment signs inside strings are beyond it: they would hide code, so no line of code is cut. */
export function withoutComments(source: string): string {
  return source.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');
}

const STATIC = /^(?:import|export)\s+(?:(type)\s+)?(?:[^'";]*?\bfrom\s*)?['"]([^'"\n]+)['"]/gm;
const CALLED = /\bimport\s*\(\s*['"]([^'"\n]+)['"]/g;
const HIDDEN =
  /\bimport\s*\(\s*(?!['"])|\brequire\s*\(|\bcreateRequire\b|\bgetBuiltinModule\b|\bprocess\.binding\b/g;
