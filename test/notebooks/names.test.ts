import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runNotebooks } from '../support/run-notebooks';

const COURSE = path.resolve(__dirname, '../..');
const OUTPUT = path.join(COURSE, 'test', 'output', 'names');

/** The paths that tools/run_notebooks.py finds for names, inside the course. */
function found(...names: string[]): string[] {
  const program =
    'import json, sys\nimport run_notebooks as run\npaths = run.find_notebooks(sys.argv[1:])\n' +
    'print(json.dumps([str(path.relative_to(run.COURSE)) for path in paths]))';
  const { stdout, stderr } = spawnSync(path.join(COURSE, '.venv', 'bin', 'python'), ['-c', program, ...names], {
    cwd: path.join(COURSE, 'tools'),
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('the names of notebooks', () => {
  it('mean the lesson, not its exercises or their source, which have the same', () => {
    expect(found('03')).toEqual(['notebooks/03_fashion_mnist_cnn.ipynb']);
    expect(found('bonus', '01_mnist_mlp')).toEqual(['notebooks/bonus_line_fit.ipynb', 'notebooks/01_mnist_mlp.ipynb']);
  });

  it('mean another folder where they name it', () => {
    expect(found('exercises/03', 'solutions/bonus_line_fit')).toEqual([
      'exercises/03_fashion_mnist_cnn.ipynb',
      'solutions/bonus_line_fit.ipynb',
    ]);
  });

  it('are told to the kernel as a Jupyter server tells them', async () => {
    const folder = path.join(OUTPUT, 'source');
    fs.mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'named.ipynb');
    const source = 'console.log((globalThis as any).process.env.JPY_SESSION_NAME)';
    const cell = { cell_type: 'code', id: 'name', execution_count: null, metadata: {}, outputs: [], source };
    fs.writeFileSync(file, JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    const run = await runNotebooks([file], path.join(OUTPUT, 'out'));
    expect(run.output).toContain('named: 1 cells');
    expect(
      run
        .outputs('named')
        .map(({ text }) => text)
        .join(''),
    ).toBe(`${file}\n`);
  });
});
