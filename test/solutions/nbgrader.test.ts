import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instructorEnvironment, linkSources, nbgraderRunsHere } from '../../setup/instructor.mjs';
import { jupyterEnvironment } from '../../setup/jupyter-environment.mjs';
import { openProject } from '../../setup/project.mjs';
import { lessons } from '../../solutions/definitions';
import { gradeIdOf } from '../../solutions/sources';

const ROOT = path.resolve(__dirname, '../..');
const course = openProject(ROOT);
const NAMES = lessons.map(({ name }) => name);
/** A lesson with something to be marked by hand. */
const LESSON = lessons.find(({ exercises }) => exercises.some(({ kind }) => kind === 'text'))!;
const TEXT = LESSON.exercises.find(({ kind }) => kind === 'text')!;

/**
 * Real nbgrader on our files: in a course of its own with copies of the sources, so that the gradebook of whoever runs
 * the tests stays as it is.
 */
describe.skipIf(!nbgraderRunsHere(course))('nbgrader', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'course-nbgrader-'));
  const project = { ...course, root, jupyter: path.join(root, '.jupyter') };
  const grading = path.join(root, 'grading');
  const env = { ...instructorEnvironment(project), COURSE_OFFLINE: '1' };

  const nbgrader = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(project.python, ['-m', 'nbgrader', ...args], {
      cwd: grading,
      env,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  };
  /** What a Python program with nbgrader's gradebook `gb` prints as JSON. */
  const gradebook = (program: string) => {
    const start = `import json
from nbgrader.api import Gradebook
gb = Gradebook('sqlite:///${grading}/gradebook.db')
`;
    const { stdout, stderr } = spawnSync(project.python, ['-c', start + program], {
      cwd: grading,
      env,
      encoding: 'utf8',
    });
    try {
      return JSON.parse(stdout);
    } catch {
      throw new Error(stderr);
    }
  };

  beforeAll(() => {
    const solutions = path.join(root, 'solutions');
    for (const name of ['nbgrader', ...NAMES.map((each) => `${each}.ipynb`)]) {
      fs.cpSync(path.join(ROOT, 'solutions', name), path.join(solutions, name), { recursive: true });
    }
    expect(linkSources(project, grading)).toEqual([...NAMES].sort());
  });
  afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

  it('generates each assignment from its source, as npm run assign does', () => {
    for (const name of NAMES) {
      const { status, output } = nbgrader('generate_assignment', name);
      expect(status, output).toBe(0);
      expect(output).not.toMatch(/WARNING|ERROR/);
      const cellsOf = (file: string) =>
        JSON.parse(fs.readFileSync(file, 'utf8')).cells.map(({ source, metadata }: any) => [source.join(''), metadata]);
      expect(cellsOf(path.join(grading, 'release', name, `${name}.ipynb`))).toEqual(
        cellsOf(path.join(ROOT, 'exercises', `${name}.ipynb`)),
      );
    }
  });

  it.each([
    [
      'exercises',
      /^VALIDATION FAILED ON 1 CELL\(S\)![^]* {4}Your answer here\.\n[^]* {4}You did not provide a response\.\n\s*$/,
    ],
    ['solutions', /^Success! Your notebook passes all the tests\.\n$/],
  ])('validates a notebook of %s: every cell runs, and only an answer in words can be missing', (folder, expected) => {
    // Inside the course, where the library is found.
    const copy = path.join(ROOT, 'test', 'output', 'nbgrader', folder, 'bonus_line_fit.ipynb');
    fs.mkdirSync(path.dirname(copy), { recursive: true });
    fs.copyFileSync(path.join(ROOT, folder, 'bonus_line_fit.ipynb'), copy);
    const { status, stdout, stderr } = spawnSync(project.python, ['-m', 'nbgrader', 'validate', copy], {
      cwd: path.dirname(copy),
      env: { ...instructorEnvironment(course), COURSE_QUICK: '1', COURSE_OFFLINE: '1', COURSE_HAND_IN: '1' },
      encoding: 'utf8',
    });
    expect(stdout, stderr).toMatch(expected);
    expect(status).toBe(0);
  });

  it('lists the assignments in its database', () => {
    const { status, output } = nbgrader('db', 'assignment', 'list');
    expect(status, output).toBe(0);
    expect(output).toContain(`There are ${NAMES.length} assignments in the database`);
    for (const name of NAMES) expect(output).toContain(`${name} (due: None)`);
  });

  it('knows of each exercise how many points there are, and what is marked by hand', () => {
    const cells: Record<string, [string, number, string][]> = gradebook(
      'cells = lambda assignment: [[c.name, c.max_score, c.cell_type] for c in assignment.notebooks[0].grade_cells]\n' +
        'print(json.dumps({assignment.name: cells(assignment) for assignment in gb.assignments}))',
    );
    for (const { name, exercises } of lessons) {
      const expected = exercises.map(({ id, kind, points }) =>
        kind === 'text' ? [gradeIdOf(id), points, 'markdown'] : [`${gradeIdOf(id)}-check`, points, 'code'],
      );
      expect([...cells[name]].sort(), name).toEqual(expected.sort());
    }
  });

  it('takes students', () => {
    expect(nbgrader('db', 'student', 'add', 'learner-1', '--first-name=A', '--last-name=B').status).toBe(0);
    expect(nbgrader('db', 'student', 'list').output).toContain('learner-1 (B, A)');
  });

  it('takes what is handed in, gives checks no points of its own, and waits for marks by hand', () => {
    const notebook = JSON.parse(fs.readFileSync(path.join(ROOT, 'exercises', `${LESSON.name}.ipynb`), 'utf8'));
    for (const cell of notebook.cells) {
      // Shows no error, which nbgrader's own autograder takes for full marks.
      if (cell.cell_type === 'code' && cell.metadata.nbgrader?.solution) cell.source = ["throw new Error('I give up')"];
      if (cell.id === gradeIdOf(TEXT.id)) cell.source = ['The loss falls.'];
    }
    const folder = path.join(grading, 'submitted', 'learner-1', LESSON.name);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${LESSON.name}.ipynb`), JSON.stringify(notebook));
    const { status, output } = nbgrader('autograde', LESSON.name);
    expect(status, output).toBe(0);
    const grades: Record<string, [number, boolean]> = gradebook(
      `s = gb.find_submission('${LESSON.name}', 'learner-1')\n` +
        'print(json.dumps({g.name: [g.auto_score, g.needs_manual_grade] for g in s.notebooks[0].grades}))',
    );
    for (const { id, kind } of LESSON.exercises) {
      if (id === TEXT.id) expect(grades[gradeIdOf(id)], id).toEqual([null, true]);
      else if (kind === 'text')
        expect(grades[gradeIdOf(id)], id).toEqual([0, false]); // Left as it was given out.
      else expect(grades[`${gradeIdOf(id)}-check`], id).toEqual([0, false]);
    }
  });

  it('keeps what is marked by hand, and adds it up', () => {
    const score = gradebook(
      `g = gb.find_grade('${gradeIdOf(TEXT.id)}', '${LESSON.name}', '${LESSON.name}', 'learner-1')\n` +
        'g.manual_score = 1.5\ng.needs_manual_grade = False\ngb.db.commit()\n' +
        `print(json.dumps(gb.find_submission('${LESSON.name}', 'learner-1').score))`,
    );
    expect(score).toBe(1.5);
    expect(nbgrader('autograde', LESSON.name, '--force').status).toBe(0);
    expect(gradebook(`print(json.dumps(gb.find_submission('${LESSON.name}', 'learner-1').score))`)).toBe(1.5);
  });

  describe.each([
    { who: 'an instructor', environment: env, isThere: true },
    { who: 'a learner', environment: { ...jupyterEnvironment(project), COURSE_OFFLINE: '1' }, isThere: false },
  ])('in the JupyterLab of $who', ({ environment, isThere }) => {
    const token = randomBytes(16).toString('hex');
    let server: ChildProcess;
    let url: string;
    let said = '';
    const get = async (page: string) => fetch(new URL(page, url), { headers: { Authorization: `token ${token}` } });

    beforeAll(async () => {
      server = spawn(
        project.python,
        [
          '-m',
          'jupyterlab',
          '--no-browser',
          '--allow-root',
          '--port=0',
          '--ServerApp.ip=127.0.0.1',
          `--ServerApp.root_dir=${root}`,
          `--IdentityProvider.token=${token}`,
        ],
        { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      for (const stream of [server.stdout!, server.stderr!])
        stream.on('data', (data: Buffer) => {
          said += data.toString();
        });
      const file = path.join(project.jupyter, 'runtime', `jpserver-${server.pid}.json`);
      while (!fs.existsSync(file)) {
        if (server.exitCode !== null) throw new Error(said);
        await sleep(100);
      }
      await sleep(100);
      ({ url } = JSON.parse(fs.readFileSync(file, 'utf8')));
    });
    afterAll(async () => {
      const ended = new Promise((resolve) => {
        server.once('exit', resolve);
      });
      server.kill('SIGTERM');
      await ended;
    });

    it(
      isThere ? 'the formgrader lists the assignments, and opens what is handed in' : 'there is no formgrader',
      async () => {
        const page = await get('formgrader/manage_assignments');
        expect(page.status, said).toBe(isThere ? 200 : 404);
        if (!isThere) return;
        const assignments = (await (await get('formgrader/api/assignments')).json()) as {
          name: string;
          max_score: number;
          num_submissions: number;
        }[];
        expect(assignments.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
        const sum = LESSON.exercises.reduce((total, { points }) => total + points, 0);
        expect(assignments.find(({ name }) => name === LESSON.name)).toMatchObject({
          max_score: sum,
          num_submissions: 1,
        });
        const submissions = (await (
          await get(`formgrader/api/submitted_notebooks/${LESSON.name}/${LESSON.name}`)
        ).json()) as { id: string }[];
        const opened = await get(`formgrader/submissions/${submissions[0].id}`);
        expect(opened.status).toBe(200);
        expect(await opened.text()).toContain('The loss falls.');
      },
    );

    it(isThere ? "shows nbgrader's menu" : "shows nothing of nbgrader's", async () => {
      const html = await (await get('lab')).text();
      const config = JSON.parse(
        /<script id="jupyter-config-data" type="application\/json">([^]*?)<\/script>/.exec(html)![1],
      );
      expect(config.disabledExtensions.includes('@jupyter/nbgrader')).toBe(!isThere);
      if (isThere)
        expect(config.federated_extensions.map(({ name }: { name: string }) => name)).toContain('@jupyter/nbgrader');
    });
  });
});
