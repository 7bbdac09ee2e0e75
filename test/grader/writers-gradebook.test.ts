import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Store } from '../../grader/src/batch/store';
import { ManualMarks } from '../../grader/src/writers/final';
import { notebookForFormgrader, writeGradebook } from '../../grader/src/writers/gradebook';
import { Reports } from '../../grader/src/writers/reports';
import { instructorEnvironment, nbgraderRunsHere } from '../../setup/instructor.mjs';
import { openProject } from '../../setup/project.mjs';
import { answered, failed, HOSTILE, marked, resultOf, text } from '../support/marked';

const COURSE = path.resolve(__dirname, '../..');
const project = openProject(COURSE);
const { python } = project;
const released = fs.readFileSync(path.join(COURSE, 'exercises', '03_fashion_mnist_cnn.ipynb'), 'utf8');
const assignment = '03_fashion_mnist_cnn';

describe.skipIf(!nbgraderRunsHere(project))("nbgrader's gradebook", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'course-gradebook-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  const gradebook = path.join(folder, 'gradebook.db');
  const settings = { python, gradebook };
  const env = instructorEnvironment(project);

  /** What a program prints as JSON, with nbgrader's own interface `gb` and a submission `s`. */
  const inGradebook = (program: string) => {
    const start = `import json\nfrom nbgrader.api import Gradebook\ngb = Gradebook('sqlite:///${gradebook}')\n`;
    const { stdout, stderr } = spawnSync(python, ['-c', `${start}def grade(cell, learner='ada'): return gb.find_grade(cell, '${assignment}', '${assignment}', learner)
def comment(cell, learner='ada'): return gb.find_comment(cell, '${assignment}', '${assignment}', learner)
${program}`], { encoding: 'utf8', env });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const ada = resultOf('ada', [marked('3.1'), failed('3.2'), text('3.5')]);
  const bob = resultOf('bob', [failed('3.1'), failed('3.2'), text('3.5')]);
  const [first, second] = ['2026-11-02T10:00:00Z', '2026-11-03T10:00:00Z'];
  const state = () => inGradebook(`print(json.dumps({
    'scores': [grade(c).auto_score for c in ('e3-1-check', 'e3-2-check', 'e3-5')],
    'manual': [grade(c).manual_score for c in ('e3-1-check', 'e3-2-check', 'e3-5')],
    'needs': [grade(c).needs_manual_grade for c in ('e3-1-check', 'e3-2-check', 'e3-5')],
    'comments': [comment(c).comment for c in ('e3-2', 'e3-5')],
    'total': [gb.find_submission('${assignment}', 'ada').score, gb.find_submission('${assignment}', 'ada').max_score],
  }))`);

  it('gets scores and comments; texts wait for a person', async () => {
    expect(await writeGradebook([{ result: ada, receivedAt: first }, { result: bob }], settings)).toEqual([]);
    expect(state()).toEqual({
      scores: [2, 1, null], manual: [null, null, null], needs: [false, false, true],
      comments: ['Not all cases are right.\nHint: Begin at `row * stride`.', null], total: [3, 6],
    });
    expect(inGradebook(`print(json.dumps(str(gb.find_submission('${assignment}', 'ada').timestamp)))`)).toBe('2026-11-02 10:00:00');
  });

  it('keeps what people have given, and gives it back to be counted with ours', async () => {
    inGradebook(`
grade('e3-5').manual_score, grade('e3-5').needs_manual_grade = 1.5, False
comment('e3-5').manual_comment = 'Say which clothes.'
grade('e3-1-check', 'bob').manual_score, grade('e3-1-check', 'bob').needs_manual_grade = 2, False
gb.db.commit()
print(1)`);
    const marks = await writeGradebook([{ result: ada, receivedAt: first }, { result: bob }], settings);
    expect(marks.sort((a, b) => a.learner.localeCompare(b.learner))).toEqual([
      { assignment, learner: 'ada', exercise: '3.5', points: 1.5, comment: 'Say which clothes.' },
      { assignment, learner: 'bob', exercise: '3.1', points: 2 },
    ]);
    expect(state()).toMatchObject({ manual: [null, null, 1.5], needs: [false, false, false], comments: [expect.anything(), 'Say which clothes.'], total: [4.5, 6] });
    const manual = new ManualMarks(marks);
    expect([manual.total(ada), manual.total(bob)]).toEqual([{ earned: 4.5, waiting: 0 }, { earned: 3, waiting: 2 }]);
  });

  it('asks for another look where something was handed in again', async () => {
    await writeGradebook([{ result: ada, receivedAt: second }], settings);
    expect(state()).toMatchObject({ manual: [null, null, 1.5], needs: [false, false, true] });
  });

  it('takes an exercise that was added later', async () => {
    await writeGradebook([{ result: resultOf('ada', [...ada.exercises, marked('3.6')]), receivedAt: second }], settings);
    expect(inGradebook("print(json.dumps(grade('e3-6-check').score))")).toBe(2);
    expect(state()).toMatchObject({ manual: [null, null, 1.5], total: [6.5, 8] });
  });

  it('fits the one that nbgrader makes with the assignment', async () => {
    const made = path.join(folder, 'made');
    fs.cpSync(path.join(COURSE, 'solutions', `${assignment}.ipynb`), path.join(made, 'source', assignment, `${assignment}.ipynb`), { recursive: true });
    const { status, stderr } = spawnSync(python, [path.join(COURSE, 'tools', 'assign.py'), made, assignment], { encoding: 'utf8', env });
    expect(status, stderr).toBe(0);
    expect(await writeGradebook([{ result: ada }], { python, gradebook: path.join(made, 'gradebook.db') })).toEqual([]);
    const counts = spawnSync(python, ['-c', `import json
from nbgrader.api import Gradebook
gb = Gradebook('sqlite:///${made}/gradebook.db')
s = gb.find_submission('${assignment}', 'ada')
print(json.dumps([s.score, len(gb.assignments), len(gb.find_notebook('${assignment}', '${assignment}').grade_cells)]))`], { encoding: 'utf8', env });
    const cells = JSON.parse(released).cells.filter((cell: { metadata: { nbgrader?: { grade?: boolean } } }) => cell.metadata.nbgrader?.grade);
    expect(JSON.parse(counts.stdout)).toEqual([3, 1, cells.length]);
  });

  it('says what is wrong where it cannot be written', async () => {
    const file = path.join(folder, 'no-gradebook.db');
    fs.writeFileSync(file, 'this is no database');
    await expect(writeGradebook([{ result: ada }], { python, gradebook: file })).rejects.toThrow(/were not written into .*no-gradebook/);
  });

  it("gives formgrader's page the answers and nothing that runs", () => {
    const attack = `${HOSTILE.join('\n')}\n~~~\n~~~~~~\n[press](javascript:alert(1))`;
    const result = resultOf('ada', [text('3.5')]);
    const file = path.join(folder, 'formgrader.ipynb');
    fs.writeFileSync(file, notebookForFormgrader(released, answered(result, { '3.1': attack }, { '3.5': attack })));
    const { stdout, stderr } = spawnSync(python, ['-c', `
import nbformat
from nbconvert.exporters import HTMLExporter
notebook = nbformat.read('${file}', as_version=4)
nbformat.validate(notebook)
notebook.cells = [c for c in notebook.cells if c.metadata.get('nbgrader', {}).get('grade_id') in ('e3-1', 'e3-5')]
print(HTMLExporter(template_name='basic').from_notebook_node(notebook)[0])`], { encoding: 'utf8', env });
    expect(stdout, stderr).toContain('outside.example');
    expect(stdout).not.toMatch(/<(script|img|svg|iframe|object|form|meta|base|link|input|template)|<a |<[^>]* on\w+=/i);
  });

  it('makes reports in which marks by hand count', async () => {
    const store = new Store(path.join(folder, 'graded'));
    const grading = { folder, python };
    const reports = await Reports.open(store, grading);
    for (const result of [ada, bob]) {
      store.write(result, 10);
      reports.marked(answered(result, { '3.1': 'const mine = 1;' }, { '3.5': 'Because.' }), result);
    }
    await reports.finish([]);
    const read = (...names: string[]): string => fs.readFileSync(path.join(...names), 'utf8');
    // As the tests above have given them: 1.5 for ada's text, 2 instead of 1 for bob's 3.1.
    expect(read(store.folder, 'marks.csv')).toMatch(/,ada,.*,4\.5,0,4\.5,6\r\n.*,bob,.*,3,0,3,6\r\n$/);
    expect(read(store.folder, 'exercises.csv')).toContain(',ada,3.5,Exercise 3.5,text,manual,,1.5,1.5,2\r\n');
    expect(read(store.folder, 'feedback', assignment, 'ada.html')).toContain('Say which clothes.');
    expect(read(store.folder, 'report.html')).toContain('1 wait to be marked by hand.');
    expect(read(folder, 'autograded', 'ada', assignment, `${assignment}.ipynb`)).toContain('Because.');
  });
});
