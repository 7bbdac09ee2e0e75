#!/usr/bin/env python
"""What handing in needs of Python: a fresh kernel that runs a notebook, and a zip file.

run NOTEBOOK --folder FOLDER --limit SECONDS
    runs every code cell, also after one that fails, as if the notebook lay in FOLDER. On standard output a line of JSON for each cell
    that begins, {"cell", "of", "id"}, and one at the end, {"failed": [{"id", "name", "message"}]}.
pack TARGET
    reads {"name in the zip file": "path"} from standard input and writes a zip file. On standard output {"written": bytes}, or
    {"code": "ENOSPC", "message": ...}.

`id` is a cell's grade_id where it has one, otherwise the id that Jupyter gives it. The notebook is not changed.
"""

import argparse
import asyncio
import errno
import json
import os
import sys
import zipfile
from pathlib import Path

KERNEL_NAME = 'tslab'
# Zip files say when a file was changed; the same files shall give the same zip file.
DATE = (1980, 1, 1, 0, 0, 0)


def main():
    parser = argparse.ArgumentParser(description='Runs a notebook in a fresh kernel, or writes a zip file.')
    commands = parser.add_subparsers(dest='command', required=True)
    runs = commands.add_parser('run')
    runs.add_argument('notebook', type=Path)
    runs.add_argument('--folder', type=Path, required=True, help='where the kernel works')
    runs.add_argument('--limit', type=float, required=True, help='the most seconds that one cell may take')
    packs = commands.add_parser('pack')
    packs.add_argument('target', type=Path)
    arguments = parser.parse_args()
    if arguments.command == 'pack':
        return pack(arguments.target, json.load(sys.stdin))
    return asyncio.run(run(arguments.notebook, arguments.folder.resolve(), arguments.limit))


def say(**what):
    print(json.dumps(what), flush=True)


async def run(path, folder, limit):
    # Packing needs none of them, and they take a second to load.
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    cells = [(index, cell) for index, cell in enumerate(notebook.cells) if is_code(cell)]
    reply = {}

    def keep(cell, cell_index, execute_reply):
        reply.update((execute_reply or {}).get('content', {}))

    client = NotebookClient(
        notebook, kernel_name=KERNEL_NAME, timeout=limit, iopub_timeout=60, startup_timeout=120, record_timing=False,
        allow_errors=True, on_cell_executed=keep, resources={'metadata': {'path': str(folder)}},
    )
    failed = []
    unanswered = 0
    async with client.async_setup_kernel(env=dict(os.environ, JPY_SESSION_NAME=str(folder / path.name))):
        for number, (index, cell) in enumerate(cells, start=1):
            name = cell.metadata.get('nbgrader', {}).get('grade_id') or cell.get('id', '')
            say(cell=number, of=len(cells), id=name)
            reply.clear()
            try:
                await client.async_execute_cell(cell, index)
                unanswered = 0
                if reply.get('status') not in (None, 'ok'):
                    failed.append({'id': name, 'name': reply.get('ename', ''), 'message': reply.get('evalue', '')})
            except CellTimeoutError:
                failed.append({'id': name, 'name': 'Timeout', 'message': f'did not end within {limit:g} s'})
                unanswered += 1
                if unanswered == 2:
                    break  # The interrupt has not ended the one before: no other cell will run either.
                await client.km.interrupt_kernel()
                await asyncio.sleep(4)  # The kernel lets code end by itself for a while before it gives the cell up.
            except DeadKernelError:
                failed.append({'id': name, 'name': 'DeadKernel', 'message': 'ended the kernel'})
                break
    say(failed=failed)
    return 0


def is_code(cell):
    return cell.cell_type == 'code' and cell.source.strip() != ''


def pack(target, files):
    try:
        with zipfile.ZipFile(target, 'x', zipfile.ZIP_DEFLATED) as archive:
            for name, path in sorted(files.items()):
                archive.writestr(zip_member(name), Path(path).read_bytes())
        with open(target, 'rb') as file:
            os.fsync(file.fileno())
        say(written=target.stat().st_size)
        return 0
    except OSError as error:
        target.unlink(missing_ok=True)
        say(code=errno.errorcode.get(error.errno, ''), message=str(error))
        return 1


def zip_member(name):
    member = zipfile.ZipInfo(name, DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o100644 << 16
    return member


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
