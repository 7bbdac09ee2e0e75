import { describe, expect, it } from 'vitest';
import { mapStackTraces } from '../../kernel/src/errors';
import { createSession } from '../../kernel/src/tslab';

describe('createSession', () => {
  it('maps what it emits back to the lines of the cell, through types, decorators, imports and calls over many lines', async () => {
    const globals = globalThis as Record<string, unknown>;
    globals.mark = (name: string) => { (globals.marks as Map<string, string>).set(name, new Error(name).stack ?? ''); };
    globals.marks = new Map<string, string>();
    const session = createSession({ folder: __dirname });
    const original = Error.prepareStackTrace;
    const source = [
      '/* a comment', '   of two lines */',                                             // 1, 2
      "import * as path from 'node:path';",                                             // 3
      'interface Shape { width: number;', '  height?: number }',                        // 4, 5
      'type Name = string | undefined;',                                                // 6
      'declare const mark: (name: string) => void;',                                    // 7
      'function logged(target: object, key: string, descriptor: PropertyDescriptor) {', // 8
      "  mark('decorator');", '}',                                                      // 9, 10
      'enum Kind { A, B }',                                                             // 11
      'class Box<T extends Shape> {',                                                   // 12
      '  constructor(private readonly shape: T) {}',                                    // 13
      '  @logged',                                                                      // 14
      '  size(name: Name,',                                                             // 15
      '    scale = 1): number {',                                                       // 16
      "    mark('method');",                                                            // 17
      '    return this.shape.width * scale;', '  }', '}',                               // 18 - 20
      'const box = new Box({ width: 2 } as Shape);',                                    // 21
      'box.size(',                                                                      // 22
      "  path.join('a', 'b'),",                                                         // 23
      '  Kind.B,',                                                                      // 24
      ');',                                                                             // 25
      'await Promise.resolve();',                                                       // 26
      "mark('after await');",                                                           // 27
      'await (async () => {',                                                           // 28
      "  await null; mark('inside a function');",                                       // 29
      '})();',                                                                          // 30
    ].join('\n');
    try {
      mapStackTraces(session.cells);
      expect(await session.run(source, 4)).toEqual({ status: 'ok' });
    } finally {
      Error.prepareStackTrace = original;
    }
    const lines = (name: string) => Array.from((globals.marks as Map<string, string>).get(name)?.matchAll(/Cell \[(\d+)\], line (\d+)/g) ?? [],
      ([, cell, line]) => [Number(cell), Number(line)]);
    expect(lines('decorator')).toEqual(expect.arrayContaining([[4, 9]]));
    expect(lines('method')).toEqual([[4, 17], [4, 22]]);
    expect(lines('after await')).toEqual([[4, 27]]);
    expect(lines('inside a function')).toEqual([[4, 29], [4, 28]]);
  });
});
