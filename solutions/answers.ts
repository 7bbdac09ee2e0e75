import { tf } from '@course/lib';
import type * as TypeScript from '@tslab/typescript-for-tslab';
import type { Exercise } from '@course/lib/exercises';

// The course's own TypeScript 7 has no compiler to call; tslab's is the one that learners have.
const ts = require('@tslab/typescript-for-tslab') as typeof TypeScript;

type Body = (...names: unknown[]) => Promise<unknown>;
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (...namesAndBody: string[]) => Body;

/**
 * What the cell of an answer comes to, when it is run alone, with nothing but `tf` (and `question` for personal
 * numbers).
 *
 * @param given the numbers that `question` returns
 * @throws whatever the cell throws; SyntaxError where it cannot be compiled
 */
export async function runAnswer(
  source: string, { kind, answer }: Exercise, given: Readonly<Record<string, number>> = {},
): Promise<unknown> {
  const code = javaScriptOf(source);
  if (kind === 'trained') return untrained(code, answer);
  // On lines of its own: the cell may end with a comment.
  return new AsyncFunction('tf', 'question', `${code}\nreturn ${answer};`)(tf, () => given);
}

function javaScriptOf(source: string): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(source, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  if (diagnostics.length > 0) throw new SyntaxError(ts.flattenDiagnosticMessageText(diagnostics[0].messageText, ' '));
  return outputText.replace(/^export \{\};$/m, '');
}

/**
 * The model that a cell builds, without its training: TensorFlow.js is real, every other name (`fit`, the data) stands
 * for something that can be called and read and does nothing.
 */
function untrained(code: string, answer: string): Promise<unknown> {
  const nothing: unknown = new Proxy(() => {}, {
    get: (_, key) => {
      if (key === 'then') return undefined; // It is no promise: `await` gives it as it is.
      if (key === Symbol.toPrimitive) return () => 0;
      if (key === Symbol.iterator) return function* () { yield* [nothing, nothing, nothing]; };
      return nothing;
    },
    apply: () => nothing,
    construct: () => nothing as object,
  });
  const scope = new Proxy({}, {
    has: (_, key) => typeof key === 'string' && !(key in globalThis),
    get: (_, key) => (key === 'tf' ? tf : key === Symbol.unscopables ? undefined : nothing),
  });
  const body = `with (scope) { return (async () => {\n${code}\nreturn ${answer};\n})(); }`;
  return (new Function('scope', body) as (scope: object) => Promise<unknown>)(scope);
}

/** The names that a cell uses and does not declare, and whether it imports. */
export function foreignNames(source: string): { names: Set<string>; imports: boolean } {
  const tree = ts.createSourceFile('answer.ts', source, ts.ScriptTarget.Latest, true);
  const declared = new Set<string>();
  const used = new Set<string>();
  let imports = false;
  const visit = (node: TypeScript.Node): void => {
    if (ts.isImportDeclaration(node)) imports = true;
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      if ('name' in parent && parent.name === node && !ts.isPropertyAccessExpression(parent)) declared.add(node.text);
      else if (!(ts.isPropertyAccessExpression(parent) && parent.name === node)) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { names: new Set([...used].filter((name) => !declared.has(name))), imports };
}
