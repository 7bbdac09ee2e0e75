#!/usr/bin/env python
"""Makes learners' versions of notebooks with nbgrader's own generator: assign.py FOLDER NAME ...

Reads FOLDER/source/NAME/NAME.ipynb and writes FOLDER/release/NAME/NAME.ipynb. FOLDER/gradebook.db holds what nbgrader
remembers of them. Exit code: 0 if all were made, 1 if one was not, with nbgrader's own words.
"""

import re
import sys
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

SETTINGS = Path(__file__).resolve().parent.parent / 'solutions' / 'nbgrader'


def main(folder, *names):
    config = PyFileConfigLoader('nbgrader_config.py', path=str(SETTINGS)).load_config()
    config.CourseDirectory.root = str(Path(folder).resolve())
    api = NbGraderAPI(config=config)
    for name in names:
        result = api.generate_assignment(name)
        if not result['success']:
            print(f'solutions/{name}.ipynb: {reason(result)}', file=sys.stderr)
            return 1
    return 0


def reason(result):
    """What nbgrader has to say, without the traceback; with it, if there is nothing else."""
    log = result.get('log', '')
    said, _, traceback = log.partition('[ERROR] There was an error processing')
    errors = [line for line in re.split(r'\n(?=\[)', said) if line.startswith('[ERROR]')]
    errors += re.findall(r'^ +(\w*(?:Error|Exception)\b.*)$', traceback, re.MULTILINE)[:1]
    return '\n'.join(errors) or f'{log}\n{result.get("error", "")}'


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
