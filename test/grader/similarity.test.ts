import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Similarity, SUSPICIOUS_SIMILARITY } from '../../grader/src/writers/similarity';
import { solutionCells, suiteOf } from '../support/grader';

const assignment = '03_fashion_mnist_cnn';
const ids = ['3.1', '3.2', '3.3', '3.4', '3.9'];
const released = (name: string): string[] => {
  const { cells } = JSON.parse(fs.readFileSync(path.resolve(__dirname, '../../exercises', `${name}.ipynb`), 'utf8')) as { cells: { cell_type: string; source: string[] }[] };
  return cells.filter((cell) => cell.cell_type === 'code').map(({ source }) => source.join(''));
};
const all = solutionCells(suiteOf('03'));
/** The course's own solutions are one more person's. */
const course = Object.fromEntries(ids.map((id) => [id, all[id].replace(/^ *\/\/ (BEGIN|END) SOLUTION\n/gm, '')]));
const stubs = Object.fromEntries(ids.map((id) => [id, released(assignment).find((cell) => cell.startsWith(course[id].split('\n')[0]))!]));
/** An answer as the learner fills the notebook's cell. */
const filled = (answers: Record<string, string>) =>
  Object.fromEntries(ids.map((id) => [id, stubs[id].replace('  // Your answer here.', () => answers[id])]));

/** Pads first; small functions inside. */
const ada = filled({
  '3.1': '  const padded = size + padding + padding;\n  places = 1 + Math.floor((padded - kernel) / stride);',
  '3.2': `  const zeros = (count: number) => Array<number>(count).fill(0);
  const width = image[0].length + 2 * padding;
  const padded = [
    ...Array.from({ length: padding }, () => zeros(width)),
    ...image.map((row) => [...zeros(padding), ...row, ...zeros(padding)]),
    ...Array.from({ length: padding }, () => zeros(width)),
  ];
  for (let y = 0; y + kernel.length <= padded.length; y += stride) {
    const line: number[] = [];
    for (let x = 0; x + kernel[0].length <= width; x += stride) {
      line.push(kernel.reduce((sum, weights, i) => sum + weights.reduce((part, weight, j) => part + weight * padded[y + i][x + j], 0), 0));
    }
    result.push(line);
  }`,
  '3.3': `  for (let y = 0; y <= map.length - size; y += stride) {
    const line: number[] = [];
    for (let x = 0; x <= map[y].length - size; x += stride) {
      const part = map.slice(y, y + size).flatMap((row) => row.slice(x, x + size));
      line.push(Math.max(...part));
    }
    result.push(line);
  }`,
  '3.4': '  size = 1;\n  for (let i = layers.length - 1; i >= 0; i--) size = (size - 1) * layers[i].stride + layers[i].kernel;',
  '3.9': `  for (let y = 0; y < picture.length; y++) {
    for (let x = 0; x < picture[0].length; x++) {
      const from = picture[y - down];
      const column = x - right;
      if (from === undefined || column < 0 || column >= from.length) continue;
      result[y][x] = flip ? from[from.length - 1 - column] : from[column];
    }
  }`,
});
/** Loops over outputs by their number. */
const bob = filled({
  '3.1': '  while (places * stride + kernel <= size + 2 * padding) places++;',
  '3.2': `  const rows = Math.floor((image.length + 2 * padding - kernel.length) / stride) + 1;
  const columns = Math.floor((image[0].length + 2 * padding - kernel[0].length) / stride) + 1;
  for (let r = 0; r < rows; r++) {
    result[r] = [];
    for (let c = 0; c < columns; c++) {
      let total = 0;
      kernel.forEach((kernelRow, a) => {
        kernelRow.forEach((k, b) => {
          const pixel = image[r * stride + a - padding]?.[c * stride + b - padding] ?? 0;
          total += k * pixel;
        });
      });
      result[r][c] = total;
    }
  }`,
  '3.3': `  const count = (length: number): number => Math.floor((length - size) / stride) + 1;
  for (let r = 0; r < count(map.length); r++) {
    result[r] = [];
    for (let c = 0; c < count(map[0].length); c++) {
      let best = map[r * stride][c * stride];
      for (let n = 1; n < size * size; n++) {
        const value = map[r * stride + Math.floor(n / size)][c * stride + n % size];
        if (value > best) best = value;
      }
      result[r][c] = best;
    }
  }`,
  '3.4': `  const jumps = layers.map((_, i) => layers.slice(0, i).reduce((product, layer) => product * layer.stride, 1));
  size = 1 + layers.reduce((sum, layer, i) => sum + (layer.kernel - 1) * jumps[i], 0);`,
  '3.9': `  const width = picture[0].length;
  for (const [i, row] of picture.entries()) {
    if (!(i + down in result)) continue;
    const source = flip ? row.slice().reverse() : row;
    for (const [j, value] of source.entries()) {
      if (j + right >= 0 && j + right < width) result[i + down][j + right] = value;
    }
  }`,
});
/** Whoever copies ada's and makes it look like something else. */
const NAMES: Record<string, string> = {
  padded: 'big', zeros: 'nulls', count: 'howMany', width: 'w', line: 'outRow', weights: 'kr', weight: 'kv', part: 'acc', sum: 'total', row: 'r', from: 'src', column: 'cx', y: 'i1', x: 'i2',
};
const disguised = (answers: Record<string, string>) => Object.fromEntries(Object.entries(answers).map(([id, source]) => [id,
  `/* my own work */\n${source.replace(/(?<![.\w])[a-z]\w*/gi, (name) => NAMES[name] ?? name).replace(/;$/gm, '  // here').replace(/^ +/gm, '\t').replaceAll('let ', 'const ')}`]));

async function compared(answers: Record<string, Record<string, string>>, least?: number) {
  const similarity = await Similarity.create(released);
  for (const [learner, each] of Object.entries(answers)) similarity.add({ assignment, learner, answers: each });
  return similarity.pairs(least);
}

describe('similarity', () => {
  it('finds a copy under other names, with comments and another layout', async () => {
    const pairs = await compared({ ada, bob, course, cy: disguised(ada) });
    expect(pairs.map(({ learners }) => learners)).toEqual([['ada', 'cy']]);
    expect(pairs[0].similarity).toBe(1);
  });

  it('is far below its threshold for answers that were written apart', async () => {
    const pairs = await compared({ ada, bob, course }, 0.01);
    for (const { learners, similarity } of pairs) expect(similarity, learners.join(' and ')).toBeLessThan(SUSPICIOUS_SIMILARITY / 3);
    expect(pairs).not.toEqual([]);
  });

  it('finds a copy of most, with one answer of their own', async () => {
    const pairs = await compared({ ada, bob, course, cy: { ...disguised(ada), '3.9': bob['3.9'] } });
    expect(pairs.map(({ learners }) => learners)).toEqual([['ada', 'cy']]);
  });

  it('does not count what was given out', async () => {
    expect(await compared({ ada: stubs, bob: stubs }, 0)).toEqual([]);
  });

  it('does not count what many have, nor compare across lessons', async () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`learner-${i}`, course]));
    expect(await compared(many)).toEqual([]);
    const similarity = await Similarity.create(released);
    similarity.add({ assignment, learner: 'ada', answers: ada });
    similarity.add({ assignment: '01_mnist_mlp', learner: 'bob', answers: ada });
    expect(similarity.pairs()).toEqual([]);
  });

  it('reads what is no TypeScript, too', async () => {
    const broken = ['`${', '}}}`${`${', '/[/', "'", '\0\u202e', 'a / b / c; /x/.test(`${/}/}`)', '('.repeat(10_000), '`${'.repeat(5000)];
    expect(await compared(Object.fromEntries(broken.map((source, i) => [`learner-${i}`, { '3.2': source }])))).toEqual([]);
  });
});
