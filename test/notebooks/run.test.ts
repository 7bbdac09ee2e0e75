import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { committedNotebooks } from '../../tools/clean_notebooks.mjs';
import { runNotebooks, type NotebookRun } from '../support/run-notebooks';

const OUTPUT = path.resolve(__dirname, '../output/notebooks');
const FIXTURES = path.resolve(__dirname, '../fixtures/notebooks');
const lessons = committedNotebooks().filter((file) => path.basename(path.dirname(file)) === 'notebooks').map((file) => path.basename(file, '.ipynb'));

/**
 * What VS Code's notebook editor draws, best first: its own order (microsoft/vscode, extensions/ipynb/src/deserializers.ts) of what it and the
 * renderers of its Jupyter extension know. Types that it does not know it passes over.
 */
const VSCODE_TYPES = ['application/vnd.plotly.v1+json', 'text/html', 'image/gif', 'text/latex', 'text/markdown', 'image/png', 'image/svg+xml',
  'image/jpeg', 'application/json', 'text/plain'];

type Output = Record<string, any>;
const textOf = (content: string | string[] | undefined): string => [content ?? ''].flat().join('');

/** Why a viewer without scripts, without the course's extension, or without eyes would miss something of an output. */
function outputFindings({ output_type, data }: Output): string[] {
  if (output_type !== 'display_data' && output_type !== 'execute_result') return [];
  const types = Object.keys(data);
  const [html, svg, words] = ['text/html', 'image/svg+xml', 'text/plain'].map((type) => textOf(data[type]));
  const shown = VSCODE_TYPES.find((type) => types.includes(type));
  const images = [...html.matchAll(/<img\b[^>]*>/g)].map(([tag]) => tag);
  return [
    ...(shown === undefined || (shown === 'text/plain' && types.length > 1) ? [`VS Code draws none of ${types.join(', ')}`] : []),
    ...(types.some((type) => type.startsWith('application/')) && !svg && !html ? [`no static form beside ${types.join(', ')}`] : []),
    ...(/<(script|iframe|object|embed)\b|\son\w+=/i.test(html) ? ['HTML that runs something'] : []),
    // What has been shown may be taken away again, words and all.
    ...(words.trim() === '' && (html || svg) ? ['no words for those who do not see it'] : []),
    ...images.filter((tag) => !/\salt="/.test(tag)).map((tag) => `a picture without alt: ${tag.slice(0, 80)}`),
    ...(svg && !/<svg\b[^>]*\brole="img"[^>]*>\s*<title>[^<]/.test(svg) ? ['an SVG without title'] : []),
  ];
}

/** What a page would fetch from elsewhere when it is opened. */
const externalSources = (html: string) => Array.from(
  html.matchAll(/<(?:script|img|link|iframe)\b[^>]*?\b(?:src|href)=["']?(https?:[^"'\s>]+)|import\(["'](https?:[^"']+)/g), ([, tag, module]) => tag ?? module);

describe('every lesson, with little data', () => {
  let run: NotebookRun;
  beforeAll(async () => { run = await runNotebooks(['--quick'], path.join(OUTPUT, 'lessons')); }, 600_000);

  it.each(lessons)('%s runs to its end and shows nothing on standard error', (name) => {
    expect(run.report.get(name), run.output).toMatchObject({ name, ok: true });
    const outputs = run.outputs(name);
    expect(outputs.filter((output) => output.output_type === 'error')).toEqual([]);
    expect(outputs.filter((output) => output.name === 'stderr')).toEqual([]);
  });

  it.each(lessons)('%s stays below 1 MB with all its outputs', (name) => {
    expect(run.read(`${name}.ipynb`).length).toBeLessThan(1e6);
  });

  it('has a figure in the lesson on MNIST', () => {
    expect(run.outputs('01_mnist_mlp').filter((output) => output.data?.['image/svg+xml'])).not.toEqual([]);
  });

  it.each(lessons)('%s shows each output in VS Code too, statically where no script runs, and in words', (name) => {
    expect(run.outputs(name).flatMap(outputFindings)).toEqual([]);
  });

  it.each(lessons)('%s becomes a page that shows its figures without a network', (name) => {
    const html = run.read(`${name}.html`);
    expect(externalSources(html)).toEqual([]);
    const figures = run.outputs(name).map((output) => output.data?.['image/svg+xml']).filter((svg) => svg !== undefined);
    for (const svg of figures) {
      expect(html.includes(Buffer.from(textOf(svg)).toString('base64')), 'the picture of a figure is in the page').toBe(true);
    }
  });

  it('finds in lesson 03 by hand what TensorFlow computes', () => {
    const said = run.outputs('03_fashion_mnist_cnn').map((output) => textOf(output.text)).join('');
    expect(said).toContain('160 + 9,280 + 495,680 + 2,080 + 330 = 507,530');
    expect(said).toContain('the model says 507,530; flat has 7,744 numbers');
    // Sums of whole numbers, and weights after an interruption, are the same to the last bit.
    expect(said).toContain('676 numbers; largest difference 0\n');
    expect(said).toMatch(/[\d,]+ weights, largest difference 0\n/);
    const [, convolution] = /24 × 24 numbers, largest difference ([\d.e+-]+)/.exec(said)!;
    expect(Number(convolution)).toBeLessThan(1e-4);
    for (const step of [1, 2, 5, 20]) {
      const [, byHand, byTf] = new RegExp(`step ${step}: by hand ([\\d. -]+) \\| tf ([\\d. -]+)\\n`).exec(said)!;
      byHand.split(' ').forEach((value, i) => expect(Number(value)).toBeCloseTo(Number(byTf.split(' ')[i]), 3));
    }
  });

  it('says in lesson 04 whether transfer has gained more than chance, and in lesson 05 what LeNet is made of', () => {
    const said = (lesson: string) => run.outputs(lesson).map(({ text, data }) => textOf(text ?? data?.['text/plain'])).join('');
    const verdict = / points \(chance: ±[\d.]+\): (may be chance|a gain|a loss)\n/g;
    expect([...said('04_cats_and_dogs').matchAll(verdict)]).toHaveLength(4);
    // (25 + 1) 20, (25 * 20 + 1) 50, (1,250 + 1) 500 and (500 + 1) 10.
    expect(said('05_digits_from_folders')).toContain('520 + 25,050 + 625,500 + 5,010\nby hand 656080  in the model 656080\n');
    expect(said('05_digits_from_folders')).toContain('Skipped: 1 × truncated.');
  });

  it('is in the report, with time and memory', () => {
    expect([...run.report.keys()]).toEqual(lessons);
    for (const entry of run.report.values()) {
      expect(entry.seconds).toBeGreaterThan(0);
      expect(entry.peakMemoryBytes).toBeGreaterThan(50e6);
    }
    expect(run.exitCode, run.output).toBe(0);
  });
});

describe('the check of outputs', () => {
  const shown = (data: Record<string, unknown>): string[] => outputFindings({ output_type: 'display_data', data });
  const figure = '<svg role="img" width="10"><title>Two curves</title></svg>';

  it('takes figures, pictures, tables and text as they are', () => {
    expect(shown({ 'application/vnd.plotly.v1+json': {}, 'image/svg+xml': figure, 'text/plain': 'Two curves' })).toEqual([]);
    expect(shown({ 'application/vnd.course.page+json': {}, 'text/html': '<a href="pages/index.html">page</a>', 'text/plain': 'page' })).toEqual([]);
    expect(shown({ 'text/html': ['<img alt="" src="data:">', 'x'], 'text/plain': ['x'] })).toEqual([]);
    expect(shown({ 'text/plain': '' })).toEqual([]);
    expect(outputFindings({ output_type: 'stream', name: 'stdout', text: 'x' })).toEqual([]);
  });

  it('finds what a viewer would miss', () => {
    expect(shown({ 'application/vnd.course.page+json': {}, 'text/plain': 'page' })).toEqual([
      'VS Code draws none of application/vnd.course.page+json, text/plain',
      'no static form beside application/vnd.course.page+json, text/plain',
    ]);
    expect(shown({ 'text/html': '<script>1</script>', 'text/plain': 'x' })).toEqual(['HTML that runs something']);
    expect(shown({ 'text/html': '<img src="data:" onload="x()">', 'text/plain': ' ' })).toEqual([
      'HTML that runs something', 'no words for those who do not see it', 'a picture without alt: <img src="data:" onload="x()">',
    ]);
    expect(shown({ 'image/svg+xml': '<svg><path/></svg>', 'text/plain': 'x' })).toEqual(['an SVG without title']);
  });
});

describe('npm run notebooks', () => {
  it('goes on after a notebook that fails, writes it all the same, and ends with exit code 1', async () => {
    const before = fs.readFileSync(path.join(FIXTURES, 'good.ipynb'), 'utf8');
    const run = await runNotebooks([path.join(FIXTURES, 'bad.ipynb'), path.join(FIXTURES, 'good.ipynb')], path.join(OUTPUT, 'fixtures'));
    expect(run.exitCode).toBe(1);
    expect(run.report.get('bad')).toMatchObject({ ok: false, error: "cell 2: TypeScriptError: Type 'string' is not assignable to type 'number'." });
    expect(run.report.get('good')).toMatchObject({ ok: true });
    expect(run.output).toMatch(/bad: 5 cells, [\d.]+ s, FAILED in cell 2: TypeScriptError/);
    expect(run.outputs('bad').at(-1)).toMatchObject({ output_type: 'error', ename: 'TypeScriptError' });
    expect(run.read('bad.html')).toContain('TypeScriptError');
    expect(run.outputs('good').map((output) => output.text).join('')).toContain('true function 3');
    expect(fs.readFileSync(path.join(FIXTURES, 'good.ipynb'), 'utf8')).toBe(before);
  });

  it('refuses a name that it does not know, and says which there are', async () => {
    const run = await runNotebooks(['01', 'no_such_lesson'], path.join(OUTPUT, 'unknown'));
    expect(run.exitCode).toBe(2);
    expect(run.output).toMatch(/No such notebook: no_such_lesson\. There are:\n {2}notebooks\/00_start_here\n/);
  });
});
