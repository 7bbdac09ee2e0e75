import * as ts from '@tslab/typescript-for-tslab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandShorthand } from '../../kernel/src/shorthand';
import { plain, TestKernel } from '../support/kernel-client';

describe('expandShorthand', () => {
  const expand = (source: string): string => expandShorthand(ts as never, source).source;

  it.each([
    ['const o = { x, y };', 'const o = { x: x, y: y };'],
    ['f(a, { x }, { ...rest, y });', 'f(a, { x: x }, { ...rest, y: y });'],
    ['({ x, y = 2 } = o);', '({ x: x, y: y = 2 } = o);'],
    ['const { x, y } = o;', 'const { x, y } = o;'],
    ['const o = { x: 1, x2() {}, get y() { return 1; } };', 'const o = { x: 1, x2() {}, get y() { return 1; } };'],
    ["const text = '{ x }';", "const text = '{ x }';"],
    ['const { x: y, z } = o;', "const { 'x': y, z } = o;"],
    ['const { x: { y: z = { w } } } = o;', "const { 'x': { 'y': z = { w: w } } } = o;"],
    ['const f = ({ x: y }: T) => y;', "const f = ({ 'x': y }: T) => y;"],
    ["const { 'x': y, [k]: z } = o; const [a, ...b] = c;", "const { 'x': y, [k]: z } = o; const [a, ...b] = c;"],
  ])('writes %s as %s', (source, expanded) => expect(expand(source)).toBe(expanded));

  it('knows the column as it was written', () => {
    const { source, originalColumn } = expandShorthand(ts as never, 'a;\nf({ x, yy }, oops);');
    const line = source.split('\n')[1];
    expect(line).toBe('f({ x: x, yy: yy }, oops);');
    expect(originalColumn(1, line.indexOf('oops'))).toBe('f({ x, yy }, oops);'.indexOf('oops'));
    expect(originalColumn(1, line.indexOf('yy: ') + 4)).toBe('f({ x, yy }, oops);'.indexOf('yy'));
    expect(originalColumn(0, 1)).toBe(1);
  });
});

describe('a cell that uses the shorthand { x }', () => {
  let kernel: TestKernel;
  beforeAll(async () => void (kernel = await TestKernel.start()));
  afterAll(() => kernel.stop());

  it('sees what an earlier cell has declared', async () => {
    await kernel.execute('const x = 3; let y = 4;');
    expect((await kernel.execute('console.log(JSON.stringify({ x, y }))')).text('stdout')).toBe('{"x":3,"y":4}\n');
  });

  it('sees the innermost declaration', async () => {
    await kernel.execute('const z = 1;');
    expect((await kernel.execute('const inner = (z: number) => ({ z }); console.log(inner(7).z)')).text('stdout')).toBe('7\n');
  });

  it('takes a property by another name out of what an earlier cell has declared', async () => {
    await kernel.execute('interface Animal { legs: number } const animal: Animal = { legs: 4 }; const pair = { left: 1, right: 2 };');
    const taken = await kernel.execute('const { legs: count } = animal; const { left: l, right } = pair; console.log(count, l, right)');
    expect(taken.text('stdout')).toBe('4 1 2\n');
    const given = await kernel.execute('const legsOf = ({ legs: n }: Animal) => n; console.log(legsOf(animal), count)');
    expect(given.text('stdout')).toBe('4 4\n');
  });

  it('points at the written column when it fails', async () => {
    await kernel.execute('const size = 3;');
    const { reply } = await kernel.execute("const o = { size }; const wrong: number = 'text';");
    const [line, mark] = plain(reply.traceback).split('\n').filter((each) => each.includes('|'));
    expect(mark.indexOf('^')).toBe(line.indexOf('wrong'));
    const thrown = await kernel.execute("const p = { size }; throw new Error('here');");
    const [code, caret] = plain(thrown.reply.traceback).split('\n').filter((each) => each.includes('|'));
    expect(caret.indexOf('^')).toBe(code.indexOf('new Error'));
  });
});
