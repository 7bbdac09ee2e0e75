import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../lib/src/random';
import { buildGrader, solutionCells, suiteOf } from '../support/grader';

const COURSE = path.resolve(__dirname, '../..');
const LEARNERS = 40;
/** More of them, by hand: COURSE_KILLS=100 npm test -- test/grader/kill.test.ts */
const KILLS = Number(process.env.COURSE_KILLS ?? 12);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grader-kill-'));
const submitted = path.join(folder, 'submitted');
const { assignment } = suiteOf('01');

/** Notebooks in which only answers stand that need no TensorFlow; half of them wrong in one. */
function handIn(): void {
  const cells = solutionCells(suiteOf('01'));
  const released = fs.readFileSync(path.join(COURSE, 'exercises', `${assignment}.ipynb`), 'utf8');
  for (let i = 0; i < LEARNERS; i++) {
    const notebook = JSON.parse(released) as { cells: { id: string; source: string | string[] }[] };
    notebook.cells = notebook.cells.filter(({ id }) => !['e1-6', 'e1-8'].includes(id));
    for (const cell of notebook.cells) {
      const [, number] = /^e(1-\d+)$/.exec(cell.id) ?? [];
      const source = number && cells[number.replace('-', '.')];
      if (source && !(i % 2 === 0 && number === '1-2')) cell.source = source;
    }
    const own = path.join(submitted, `learner-${i}`, assignment);
    fs.mkdirSync(own, { recursive: true });
    fs.writeFileSync(path.join(own, `${assignment}.ipynb`), JSON.stringify(notebook));
  }
}

const grade = (out: string) => spawn(
  process.execPath, [path.join(COURSE, 'grader', 'dist', 'cli.js'), submitted, '--out', out, '--secret-file', path.join(folder, 'secret')],
  { stdio: ['ignore', 'pipe', 'pipe'] },
);

async function ended(child: ReturnType<typeof grade>): Promise<{ code: number | null; text: string }> {
  let text = '';
  child.stdout.on('data', (data: Buffer) => { text += data.toString(); });
  child.stderr.on('data', (data: Buffer) => { text += data.toString(); });
  const [code] = await once(child, 'close') as [number | null];
  return { code, text };
}

/** The marks without who has signed them: each folder has a key of its own. */
function marksIn(out: string): Map<string, string> {
  const results = path.join(out, 'results', assignment);
  return new Map(fs.readdirSync(results).sort().map((name) => {
    const { result } = JSON.parse(fs.readFileSync(path.join(results, name), 'utf8')) as { result: unknown };
    return [name, JSON.stringify(result)];
  }));
}

describe('grade, killed at random moments', () => {
  beforeAll(() => {
    buildGrader();
    fs.writeFileSync(path.join(folder, 'secret'), 'a secret of the tests');
    handIn();
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  it(`loses no mark and doubles none in ${KILLS} kills`, async () => {
    const whole = path.join(folder, 'whole');
    const undisturbed = await ended(grade(whole));
    expect(undisturbed.code, undisturbed.text).toBe(0);
    const expected = marksIn(whole);
    expect(expected.size).toBe(LEARNERS);

    const random = new Random(7);
    let [kills, runs] = [0, 0];
    while (kills < KILLS) {
      const out = path.join(folder, `killed-${runs++}`);
      for (;;) {
        const child = grade(out);
        const done = ended(child);
        const timer = setTimeout(() => child.kill('SIGKILL'), kills < KILLS ? random.between(50, 4500) : 600_000);
        const { code, text } = await done;
        clearTimeout(timer);
        if (code === null) {
          kills++;
          continue;
        }
        expect(code, text).toBe(0);
        break;
      }
      expect(marksIn(out)).toEqual(expected);
      const lines = fs.readFileSync(path.join(out, 'marks.csv'), 'utf8').trim().split('\n');
      expect(lines).toHaveLength(LEARNERS + 1);
      expect(fs.readdirSync(path.join(out, 'results', assignment)).filter((name) => !name.endsWith('.json'))).toEqual([]);
    }
    expect(kills).toBeGreaterThanOrEqual(KILLS);
  }, 3_600_000);
});
