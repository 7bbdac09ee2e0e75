import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksumOf, gradeIdOf, handInFindings, type FailedCell, type NotebookCell } from '../../../lib/src/exercises/hand-in';
import { readChecks } from '../../../lib/src/exercises/checks-file';

const EXERCISES = path.resolve(__dirname, '../../../exercises');
const LESSON = '01_mnist_mlp';
const { exercises, cells: given } = readChecks(LESSON, EXERCISES);
const released = (): NotebookCell[] => JSON.parse(fs.readFileSync(path.join(EXERCISES, `${LESSON}.ipynb`), 'utf8')).cells;

/** What is found after a learner has done this to the notebook that was given out. */
function found(change: (cells: NotebookCell[]) => NotebookCell[] | void, failed: FailedCell[] = []): string[] {
  const cells = structuredClone(released());
  const findings = handInFindings(change(cells) ?? cells, given, exercises, failed);
  return findings.filter(({ text }) => !text.startsWith('Not begun yet')).map(({ kind, text }) => `${kind}: ${text}`);
}
const at = (cells: NotebookCell[], id: string): any => cells.find(({ metadata }) => metadata?.nbgrader?.grade_id === id)!;

describe('checksumOf', () => {
  it('is that of nbgrader, for each cell that it has given out', () => {
    const ours = released().filter(({ metadata }) => metadata?.nbgrader).map((cell) => ({ id: cell.metadata!.nbgrader!.grade_id, checksum: checksumOf(cell) }));
    expect(ours).toEqual(given.map(({ id, checksum }) => ({ id, checksum })));
    expect(new Set(ours.map(({ checksum }) => checksum)).size).toBe(given.length);
  });
});

describe('handInFindings', () => {
  it('finds nothing in a notebook that was only filled in, and says what is not begun', () => {
    expect(found((cells) => { at(cells, 'e1-2').source = 'function scalePixels() {}'; })).toEqual([]);
    const untouched = handInFindings(released(), given, exercises, []);
    expect(untouched).toEqual([{ kind: 'note', text: `Not begun yet: ${exercises.map(({ id }) => id).join(', ')}.` }]);
    const begun = structuredClone(released());
    at(begun, gradeIdOf('1.10')).source = 'It over-fits.';
    expect(handInFindings(begun, given, exercises, [])[0].text).not.toContain('1.10');
  });

  it.each<[string, (cells: NotebookCell[]) => NotebookCell[] | void, RegExp[]]>([
    ['an answer that was deleted', (cells) => cells.filter((cell) => cell !== at(cells, 'e1-2')),
      [/^warning: 1\.2 · Normalise pixels: the cell of your answer is missing, so it earns nothing\. Edit → Undo Delete Cell/]],
    ['an answer that is there twice', (cells) => { cells.push(structuredClone(at(cells, 'e1-2'))); }, [/^warning: 1\.2: the cell of your answer is there 2 times/]],
    ['an answer that has become text', (cells) => { at(cells, 'e1-2').cell_type = 'markdown'; }, [/^warning: 1\.2: .* has become text, so it earns nothing\. .* choose Code/]],
    ['a text that has become code', (cells) => { at(cells, 'e1-10').cell_type = 'code'; }, [/^warning: 1\.10: .* has become code, .* choose Markdown/]],
    ['a check that was edited', (cells) => { at(cells, 'e1-2-check').source = "await check('1.2', 1);"; }, [/^note: 1\.2: its check was changed\. It is marked with the one that you were given\.$/]],
    ['a task that was edited', (cells) => { at(cells, 'e1-2-task').source += 'x'; }, [/^note: 1\.2: its task was changed/]],
    ['a check that was deleted', (cells) => cells.filter((cell) => cell !== at(cells, 'e1-2-check')), [/^note: 1\.2: its check is missing\. That changes no mark\.$/]],
    ['points that were raised', (cells) => { at(cells, 'e1-2-check').metadata.nbgrader.points = 99; }, [/^note: 1\.2: its points were changed to 99\. It is marked with the course's own: 2\.$/]],
    ['points of a text that were raised', (cells) => { at(cells, 'e1-10').metadata.nbgrader.points = 99; }, [/^note: 1\.10: its points were changed to 99/]],
    ['the cell that hands in, deleted', (cells) => cells.filter((cell) => cell !== at(cells, 'hand-in')), [/^note: the cell "hand-in" is missing/]],
    ['metadata that are gone', (cells) => { delete at(cells, 'e1-2').metadata.nbgrader; }, [/^warning: 1\.2 · .* is missing/]],
  ])('says of %s what is lost and what to do', (_, change, expected) => {
    const texts = found(change);
    expect(texts).toHaveLength(expected.length);
    expected.forEach((pattern, i) => expect(texts[i]).toMatch(pattern));
  });

  it('says which answers do not run, once each, and why', () => {
    const failed = [
      { id: 'e1-1', name: 'TypeScriptError', message: "Type 'string' is not assignable to type 'number'.\nsecond line" },
      { id: 'e1-1-check', name: 'TypeScriptError', message: "Cannot find name 'flattenPicture'." },
      { id: 'e1-2', name: 'Timeout', message: 'did not end within 120 s' },
      { id: 'e1-3', name: 'DeadKernel', message: 'ended the kernel' },
      { id: 'e1-8', name: 'Error', message: 'no data' },
      { id: 'scratch', name: 'Error', message: 'oops' },
    ];
    expect(found(() => {}, failed)).toEqual([
      "warning: 1.1: it does not run (TypeScriptError: Type 'string' is not assignable to type 'number'.), so it earns nothing as it is. Change it, run it, save, and hand in again.",
      'warning: 1.2: it did not end within 120 s (does a loop never end?), so it earns nothing as it is. Change it, run it, save, and hand in again.',
      'warning: 1.3: it ended the kernel, and the cells below it did not run, so it earns nothing as it is. Change it, run it, save, and hand in again.',
      'note: 1.8: it does not run (Error: no data). What is marked is the model that its check has kept.',
      'note: A cell outside the answers ("scratch"): it does not run (Error: oops). It is not marked.',
    ]);
  });
});
