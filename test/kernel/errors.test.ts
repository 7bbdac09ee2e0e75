import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plain, TestKernel, type Answer } from '../support/kernel-client';

let kernel: TestKernel;
beforeAll(async () => { kernel = await TestKernel.start(); });
afterAll(() => kernel.stop());

/** Runs a cell that must fail; the number of the cell in its traceback is replaced by n. */
async function fail(code: string): Promise<Answer & { traceback: string }> {
  const answer = await kernel.execute(code);
  const [error, ...more] = answer.of('error');
  expect(error, 'one error message').toBeDefined();
  expect(more).toEqual([]);
  const { ename, evalue, traceback } = answer.reply;
  expect(answer.reply.status).toBe('error');
  expect({ ename, evalue, traceback }, 'the reply says what the error message says').toEqual(error);
  expect(answer.text('stderr'), 'nothing is said twice').toBe('');
  return { ...answer, traceback: plain(error.traceback).replaceAll(`Cell [${answer.reply.execution_count}]`, 'Cell [n]') };
}

describe('a cell that throws', () => {
  it('shows the message, the line and the code around it', async () => {
    const { reply, traceback } = await fail('interface Point { x: number }\n\nconst point = null as unknown as Point;\n// the next line fails\nconsole.log(point.x);\n');
    expect(reply.ename).toBe('TypeError');
    expect(reply.evalue).toBe("Cannot read properties of null (reading 'x')");
    expect(traceback).toBe([
      "TypeError: Cannot read properties of null (reading 'x')",
      'Cell [n], line 5',
      '  3 | const point = null as unknown as Point;',
      '  4 | // the next line fails',
      '> 5 | console.log(point.x);',
      '    |                   ^',
      '  6 | ',
    ].join('\n'));
  });

  it('shows its own lines, also when a program has run code without a number since', async () => {
    await kernel.execute('function failLater() {\n  throw new Error("mine");\n}');
    await kernel.execute('const other = 1;\n// of the program\nconst another = 2;', { silent: true, store_history: false });
    const { traceback } = await fail('failLater()');
    expect(traceback).toContain('> 2 |   throw new Error("mine");');
  });

  it('shows colours as Jupyter expects them', async () => {
    const { reply } = await fail("throw new Error('red')");
    expect(reply.traceback[0]).toBe('\u001b[1m\u001b[31mError\u001b[39m\u001b[22m: red');
  });

  it('shows the way through the functions of earlier cells, and folds what is not the learner\'s', async () => {
    const first = await kernel.execute('function inner(values: number[]): number {\n  return values.map((value) => {\n    throw new RangeError(`no ${value}`);\n  })[0];\n}');
    const { traceback } = await fail('function outer() {\n  return inner([1]);\n}\nouter();');
    const earlier = `Cell [${first.reply.execution_count}]`;
    expect(traceback.split('\n')).toEqual([
      'RangeError: no 1',
      `${earlier}, line 3`,
      '  1 | function inner(values: number[]): number {',
      '  2 |   return values.map((value) => {',
      '> 3 |     throw new RangeError(`no ${value}`);',
      '    |           ^',
      '  4 |   })[0];',
      '  5 | }',
      `    at ${earlier}, line 3`,
      `    at inner (${earlier}, line 2)`,
      '    at outer (Cell [n], line 2)',
      '    at Cell [n], line 4',
      expect.stringMatching(/^ {4}\.\.\. and \d+ inside Node\.js, tslab and TensorFlow\.js$/),
    ]);
  });

  it('says once what a callback and the call around it have in common', async () => {
    const { traceback } = await fail("[1].map(() => { throw new Error('x'); });\n[2].map((value) => value);");
    expect(traceback.match(/at Cell \[n\], line 1/g)).toHaveLength(1);
  });

  it('shows a rejected await, with its line', async () => {
    const { reply, traceback } = await fail("const load = async (name: string) => {\n  await null;\n  throw new SyntaxError(`bad ${name}`);\n};\nawait load('file');");
    expect([reply.ename, reply.evalue]).toEqual(['SyntaxError', 'bad file']);
    expect(traceback).toContain('> 3 |   throw new SyntaxError(`bad ${name}`);');
    expect(traceback).toContain('at async Cell [n], line 5');
  });

  it("shows the learner's line first when the error comes from TensorFlow.js or the course's library", async () => {
    const { traceback } = await fail("import { tf } from '@course/lib';\n\ntf.tidy(() =>\n  tf.tensor([1, 2]).reshape([3]),\n);");
    expect(traceback).toContain('Cell [n], line 4');
    expect(traceback).toContain('> 4 |   tf.tensor([1, 2]).reshape([3]),');
    expect(traceback).not.toContain('node_modules');
  });

  it('shows the cause of an error, and the parts of an AggregateError', async () => {
    const cause = await fail("try { JSON.parse('{'); } catch (cause) {\n  throw new Error('cannot read', { cause });\n}");
    expect(cause.traceback).toMatch(/^Error: cannot read\n[^]*> 2 \|[^]*\nCaused by:\nSyntaxError: [^]*> 1 \|/);
    const all = await fail("await Promise.any([Promise.reject(new Error('one')), Promise.reject(new Error('two'))]);");
    expect(all.traceback).toMatch(/^AggregateError: [^]*One of:\nError: one[^]*One of:\nError: two/);
  });

  it("shows the name of the learner's own class of errors", async () => {
    const { reply } = await fail("class ShapeError extends Error {}\nthrow new ShapeError('[2, 3]');");
    expect([reply.ename, reply.evalue]).toEqual(['ShapeError', '[2, 3]']);
  });

  it.each([["throw 'text'", "'text'"], ['throw undefined', 'undefined'], ['throw null', 'null'], ['throw { a: 1 }', '{ a: 1 }'], ['await Promise.reject(7)', '7']])(
    'shows what is thrown by %s', async (code, shown) => {
      const { reply, traceback } = await fail(code);
      expect([reply.ename, reply.evalue]).toEqual(['Uncaught', shown]);
      expect(traceback).toMatch(/write throw new Error/);
    });

  it('survives a value that cannot be looked at', async () => {
    const { reply } = await fail("throw new Proxy(new Error('x'), { get() { throw new Error('no'); }, getPrototypeOf() { throw 'never'; } });");
    expect(reply.evalue).toMatch(/cannot be shown/);
    expect((await kernel.execute('1 + 1')).text('stdout')).toBe('2\n');
  });

  it('names the line in stack traces that the cell prints itself', async () => {
    const { text } = await kernel.execute("try {\n  (null as any).x;\n} catch (error) {\n  console.log(error);\n}");
    expect(text('stdout')).toMatch(/TypeError: Cannot read[^\n]*\n\s+at Cell \[\d+\], line 2/);
  });
});

describe('a cell that TypeScript refuses', () => {
  it('shows every finding with its line, and is not run', async () => {
    const { reply, traceback } = await fail("console.log('not run');\nconst count: number = 'three';\nmissing(count);");
    expect(reply.ename).toBe('TypeScriptError');
    expect(reply.evalue).toBe("Type 'string' is not assignable to type 'number'.");
    expect(traceback).toBe([
      "TypeScriptError: Type 'string' is not assignable to type 'number'. (TS2322)",
      'Cell [n], line 2, column 7',
      "  1 | console.log('not run');",
      "> 2 | const count: number = 'three';",
      '    |       ^',
      '  3 | missing(count);',
      "Also: Cannot find name 'missing'. (TS2304)",
      'Cell [n], line 3, column 1',
      "  1 | console.log('not run');",
      "  2 | const count: number = 'three';",
      '> 3 | missing(count);',
      '    | ^',
      'The cell was not run.',
    ].join('\n'));
  });

  it('shows the reasons below the finding that they belong to', async () => {
    const { traceback } = await fail('const f: (x: number) => string = (x: string) => x;');
    expect(traceback).toMatch(/^TypeScriptError: Type .* is not assignable to type .*\n {2}Types of parameters .*\n {2}Type 'number'[^]*> 1 \|/);
    expect(traceback).not.toContain('Also');
  });

  it('shows a slip of syntax as a SyntaxError', async () => {
    const { reply, traceback } = await fail('const a = [1, 2;\n');
    expect([reply.ename, reply.evalue]).toEqual(['SyntaxError', "',' expected."]);
    expect(traceback).toContain('> 1 | const a = [1, 2;');
  });

  it('says so when a package is missing', async () => {
    const { reply } = await fail("import { x } from 'no-such-package';\nx;");
    expect(reply.evalue).toMatch(/Cannot find module 'no-such-package'/);
  });

  it('stops at ten findings', async () => {
    const { traceback } = await fail(Array.from({ length: 14 }, (_, index) => `missing${index};`).join('\n'));
    expect(traceback.match(/Cannot find name/g)).toHaveLength(10);
    expect(traceback).toContain('... and 4 more.');
  });
});

describe('after an error', () => {
  it('the cells that were sent along with it are aborted, and the next one runs', async () => {
    const answers = await Promise.all([
      kernel.execute("await new Promise((resolve) => setTimeout(resolve, 50)); throw new Error('first')"),
      kernel.execute("console.log('second')"),
      kernel.execute("console.log('third')"),
    ]);
    expect(answers.map(({ reply }) => reply.status)).toEqual(['error', 'aborted', 'aborted']);
    expect(answers.map(({ text }) => text('stdout')).join('')).toBe('');
    // At once, as nbclient does: it is not taken for one of those that were sent along.
    expect((await kernel.execute("console.log('fourth')")).text('stdout')).toBe('fourth\n');
  });

  it('they run all the same when the client asked for it', async () => {
    const [first, second] = await Promise.all([kernel.execute("throw new Error('first')", { stop_on_error: false }), kernel.execute('2')]);
    expect([first.reply.status, second.reply.status]).toEqual(['error', 'ok']);
  });

  it('what was imported and declared before is still there', async () => {
    await kernel.execute("import * as path from 'node:path';\nlet kept = 'a';");
    await fail("throw new Error('between')");
    expect((await kernel.execute("path.join(kept, 'b')")).text('stdout')).toBe('a/b\n');
  });
});
