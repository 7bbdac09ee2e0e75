import type * as TypeScript from '@tslab/typescript-for-tslab';

/** A cell with each `{ x }` written as `{ x: x }` and each `const { x: y }` as `const { 'x': y }`, on the same lines. */
export interface Expanded {
  source: string;
  /** The column in the cell as the learner wrote it. Both count from 0. */
  originalColumn(line: number, column: number): number;
}

/**
 * tslab makes `x` of an earlier cell `exports.x`, but overlooks the shorthand `{ x }`, which then fails with "x is not defined".
 * Written out, it is not overlooked. On the other hand it takes the property `x` of a type of an earlier cell for a variable where
 * `const { x: y }` takes it out, which then fails with "Identifier 'exports' has already been declared". In quotes, it does not.
 */
export function expandShorthand(ts: typeof TypeScript, source: string): Expanded {
  const file = ts.createSourceFile('cell.tsx', source, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const insertions: { at: number; text: string; line: number; column: number }[] = [];
  const insert = (at: number, text: string): void => {
    const { line, character } = file.getLineAndCharacterOfPosition(at);
    insertions.push({ at, text, line, column: character });
  };
  const visit = (node: TypeScript.Node): void => {
    if (ts.isShorthandPropertyAssignment(node)) insert(node.name.getStart(file), `${node.name.text}: `);
    if (ts.isBindingElement(node) && node.propertyName && ts.isIdentifier(node.propertyName)) {
      insert(node.propertyName.getStart(file), "'");
      insert(node.propertyName.end, "'");
    }
    ts.forEachChild(node, visit);
  };
  visit(file);

  let expanded = '';
  let end = 0;
  for (const { at, text } of insertions) {
    expanded += source.slice(end, at) + text;
    end = at;
  }
  expanded += source.slice(end);
  return {
    source: expanded,
    originalColumn(line, column) {
      let original = column;
      for (const insertion of insertions) {
        if (insertion.line !== line || original <= insertion.column) continue;
        original = Math.max(insertion.column, original - insertion.text.length);
      }
      return original;
    },
  };
}
