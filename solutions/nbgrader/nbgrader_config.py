"""How nbgrader treats this course: for `npm run assign` and for the formgrader of `npm start -- --instructor`."""

from pathlib import Path

from nbformat.v4 import new_output
from nbgrader.preprocessors import CheckCellMetadata, NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import is_grade, is_solution

c = get_config()  # noqa: F821 (traitlets gives it)

# Its own folder, which git ignores: the gradebook, what learners have handed in, what is marked.
c.CourseDirectory.root = str(Path(__file__).resolve().parents[2] / 'grading')

# By the language of the kernel, which nbgrader does not know of itself.
c.ClearSolutions.code_stub = {'typescript': '// Your answer here.'}
c.ClearSolutions.text_stub = 'Your answer here.'


class LeaveToTheGrader(NbGraderPreprocessor):
    """Gives checks no points.

    nbgrader itself would run the learner's code right here, and takes a check that shows no error for a right one.
    """

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == 'code':
            no_points = new_output('execute_result', {'text/plain': '0'}, execution_count=None)
            cell.outputs = [no_points] if is_grade(cell) and not is_solution(cell) else []
        return cell, resources


# What is marked by hand can be marked in the formgrader all the same.
c.Autograde.autograde_preprocessors = [LeaveToTheGrader, SaveAutoGrades, CheckCellMetadata]
