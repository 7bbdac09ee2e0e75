import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Store } from '../../grader/src/batch/store';
import { Reports } from '../../grader/src/writers/reports';
import { answered, failed, marked, resultOf } from '../support/marked';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'course-reports-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('reports', () => {
  const store = new Store(folder);
  const results = ['ada', 'bob'].map((learner, i) => resultOf(learner, [marked('3.1'), i === 0 ? marked('3.2') : failed('3.2')]));
  const make = async () => {
    const reports = await Reports.open(store);
    for (const result of results) reports.marked(answered(result, { '3.1': `const by = '${result.learner}';` }), result);
    await reports.finish([{ assignment: results[0].assignment, learner: 'cy', reason: 'It is no notebook.' }]);
  };
  const files = () => Object.fromEntries(
    ['feedback/03_fashion_mnist_cnn/ada.html', 'feedback/03_fashion_mnist_cnn/bob.html', 'marks.csv', 'exercises.csv', 'report.html']
      .map((name) => [name, { text: fs.readFileSync(path.join(folder, name), 'utf8'), changed: fs.statSync(path.join(folder, name)).mtimeMs }]));

  it('are a page for each learner, a report, and two tables', async () => {
    for (const result of results) store.write(result, 10);
    await make();
    const made = files();
    expect(made['feedback/03_fashion_mnist_cnn/ada.html'].text).toContain('by = &#39;ada&#39;');
    expect(made['feedback/03_fashion_mnist_cnn/bob.html'].text).toContain('3 of 4 points');
    expect(made['marks.csv'].text.split('\r\n')).toHaveLength(1 + 2 + 1);
    expect(made['exercises.csv'].text.split('\r\n')).toHaveLength(1 + 4 + 1);
    expect(made['report.html'].text).toContain('It is no notebook.');
  });

  it('stay untouched when nothing has changed', async () => {
    const before = files();
    await make();
    expect(files()).toEqual(before);
  });
});
