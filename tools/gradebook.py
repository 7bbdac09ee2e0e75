#!/usr/bin/env python
"""Writes marks into nbgrader's gradebook and says what people have given there: gradebook.py GRADEBOOK.db

Reads a submission a line from stdin, as JSON: {assignment, learner, timestamp?, cells: [{name, answer, points, type, score, comment}]}.
`name` is the cell with the points, `answer` the one that comments stand at; a `score` of null is left to a person.
Prints a line for each mark or comment by hand: {assignment, learner, cell, points?, comment?}.

What people have given stays. Where a submission or its score has changed since, nbgrader's formgrader asks for another look.
"""

import fcntl
import json
import os
import sys
from pathlib import Path

from nbgrader.api import Comment, Grade, Gradebook, MissingEntry
from nbgrader.utils import parse_utc


def main(file):
    # nbgrader calls alembic by name; it lies beside this Python.
    os.environ['PATH'] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get('PATH', os.defpath)])
    path = Path(file).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f'{path.name}.lock'), 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f'{path} is being written by another program. Wait until it is done, then run the command again.', file=sys.stderr)
            return 1
        with Gradebook(f'sqlite:///{path}') as gradebook:
            assignments = {}
            for line in sys.stdin:
                write(gradebook, json.loads(line), assignments)
            for mark in by_hand(gradebook):
                print(json.dumps(mark))
    return 0


def write(gradebook, marked, assignments):
    name, learner, cells = marked['assignment'], marked['learner'], marked['cells']
    if name not in assignments:
        assignments[name] = structure(gradebook, name, cells)
    graded, answers = assignments[name]
    gradebook.update_or_create_student(learner)
    try:
        before = gradebook.find_submission(name, learner).timestamp
        is_known = True
    except MissingEntry:
        before, is_known = None, False
    received = parse_utc(marked['timestamp']) if marked.get('timestamp') else before
    submission = gradebook.update_or_create_submission(name, learner, timestamp=received)
    is_new = is_known and received != before
    notebook = next(each for each in submission.notebooks if each.name == name)
    grades = {each.cell_id: each for each in notebook.grades}
    comments = {each.cell_id: each for each in notebook.comments}
    for cell in cells:
        # An exercise may have been added after the submission was.
        grade = grades.get(graded[cell['name']]) or Grade(cell_id=graded[cell['name']], notebook=notebook)
        comment = comments.get(answers[cell['answer']]) or Comment(cell_id=answers[cell['answer']], notebook=notebook)
        gradebook.db.add_all([grade, comment])
        has_changed = is_new or grade.auto_score != cell['score']
        if grade.manual_score is None:
            grade.needs_manual_grade = cell['score'] is None
        elif has_changed:
            grade.needs_manual_grade = True
        grade.auto_score = cell['score']
        comment.auto_comment = cell['comment']
    gradebook.db.commit()


def structure(gradebook, name, cells):
    """The assignment with its cells, made or brought up to date: the ids of cells with points, and of answers, by name."""
    gradebook.update_or_create_assignment(name)
    gradebook.update_or_create_notebook(name, name)
    graded, answers = {}, {}
    for cell in cells:
        grade = gradebook.update_or_create_grade_cell(
            cell['name'], name, name, max_score=cell['points'], cell_type=cell['type'])
        answer = gradebook.update_or_create_solution_cell(cell['answer'], name, name)
        # A text is in both: nbgrader keeps it as two cells of one name.
        graded[cell['name']], answers[cell['answer']] = grade.id, answer.id
    return graded, answers


def by_hand(gradebook):
    grades = gradebook.db.query(Grade).filter(Grade.manual_score.isnot(None) | (Grade.extra_credit > 0))
    comments = gradebook.db.query(Comment).filter(Comment.manual_comment.isnot(None), Comment.manual_comment != '')
    for given, key in [*((grade, 'points') for grade in grades), *((comment, 'comment') for comment in comments)]:
        yield {'assignment': given.assignment.name, 'learner': given.student.id, 'cell': given.name,
               key: given.score if key == 'points' else given.manual_comment}



if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
