import type * as TypeScript from '@tslab/typescript-for-tslab';

/** A cell with each `{ x }` written as `{ x: x }`, on the same lines. */
export interface Expanded {
  source: string;
  /** The column in the cell as the learner wrote it. Both count from 0. */
  originalColumn(line: number, column: number): number;
}

/**
 * tslab makes `x` of an earlier cell `exports.x`, but overlooks the shorthand `{ x }`, which then fails with "x is not defined".
 * Written out, it is not overlooked.
 */
export function expandShorthand(ts: typeof TypeScript, source: string): Expanded {
  const file = ts.createSourceFile('cell.tsx', source, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const insertions: { at: number; text: string; line: number; column: number }[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (ts.isShorthandPropertyAssignment(node)) {
      const at = node.name.getStart(file);
      const { line, character } = file.getLineAndCharacterOfPosition(at);
      insertions.push({ at, text: `${node.name.text}: `, line, column: character });
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
