#!/usr/bin/env python
"""What handing in needs of Python: a fresh kernel that runs a notebook, and a zip file.

run NOTEBOOK --folder FOLDER --limit SECONDS
    runs every code cell, also after one that fails, as if the notebook lay in FOLDER. On standard output a line of JSON
    for each cell that begins, {"cell", "of", "id"}, and one at the end, {"failed": [{"id", "name", "message"}]}.
pack TARGET
    reads {"name in the zip file": "path"} from standard input and writes a zip file. On standard output
    {"written": bytes}, or {"code": "ENOSPC", "message": ...}.

`id` is a cell's grade_id where it has one, otherwise the id that Jupyter gives it. The notebook is not changed.
"""

import argparse
import asyncio
import errno
import json
import os
import queue
import signal
import sys
import time
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
    # The learner stopped it: the kernel is ended in an orderly way.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return asyncio.run(run(arguments.notebook, arguments.folder.resolve(), arguments.limit))


def say(**what):
    print(json.dumps(what), flush=True)


async def run(path, folder, limit):
    # Packing needs none of them, and they take a second to load.
    import nbformat
    from jupyter_client.manager import start_new_async_kernel

    cells = [cell for cell in nbformat.read(path, as_version=4).cells if is_code(cell)]
    failed = []
    unanswered = 0
    manager, client = await start_new_async_kernel(
        startup_timeout=120, kernel_name=KERNEL_NAME, cwd=str(folder),
        env=dict(os.environ, JPY_SESSION_NAME=str(folder / path.name)),
    )
    try:
        for number, cell in enumerate(cells, start=1):
            name = cell.metadata.get('nbgrader', {}).get('grade_id') or cell.get('id', '')
            say(cell=number, of=len(cells), id=name)
            reply = await execute(manager, client, cell.source, limit)
            if reply == 'timeout':
                failed.append({'id': name, 'name': 'Timeout', 'message': f'did not end within {limit:g} s'})
                unanswered += 1
                if unanswered == 2:
                    break  # The interrupt has not ended the one before: no other cell will run either.
                # Its reply is not waited for: the next cell runs as soon as the kernel has given this one up.
                await manager.interrupt_kernel()
            elif reply == 'dead':
                failed.append({'id': name, 'name': 'DeadKernel', 'message': 'ended the kernel'})
                break
            else:
                unanswered = 0
                if reply['status'] != 'ok':
                    failed.append({'id': name, 'name': reply.get('ename', ''), 'message': reply.get('evalue', '')})
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
    say(failed=failed)
    return 0


async def execute(manager, client, source, limit):
    """The kernel's reply to a cell, 'timeout' or 'dead'. What the cell shows is nobody's business here."""
    request = client.execute(source, stop_on_error=False)
    ends = time.monotonic() + limit
    while True:
        try:
            message = await client.get_shell_msg(timeout=0.5)
            if message['parent_header'].get('msg_id') == request:
                return message['content']
        except queue.Empty:
            if not await manager.is_alive():
                return 'dead'
        if time.monotonic() > ends:
            return 'timeout'


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
