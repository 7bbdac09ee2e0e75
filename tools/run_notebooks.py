#!/usr/bin/env python
"""Runs notebooks without a browser, through the course's real kernel, and writes what a learner would see.

For each notebook: the executed notebook, an HTML page that needs no network, and an entry in report.json.
The notebooks themselves are never changed. Exit code: 0 if all ran, 1 if one failed, 2 for wrong arguments.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter
from traitlets.config import Config

COURSE = Path(__file__).resolve().parent.parent
FOLDERS = ('notebooks', 'exercises', 'solutions')
KERNEL_NAME = 'tslab'

# The page is read offline: no script from elsewhere, and of an output in several forms the static picture, with its
# words for screen readers.
TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock html_head_js -%}
{%- block html_head_js_mathjax -%}{%- endblock html_head_js_mathjax -%}
{%- block html_head_js_mermaidjs -%}{%- endblock html_head_js_mermaidjs -%}
{%- block data_svg scoped -%}
<div class="jp-RenderedSVG jp-OutputArea-output {{ extra_class }}" data-mime-type="image/svg+xml">
<img alt="{{ output.data.get('text/plain', '') | escape_html }}"
 src="data:image/svg+xml;base64,{{ output.data['image/svg+xml'] | text_base64 | escape_html }}">
</div>
{%- endblock data_svg -%}
"""
DISPLAY_PRIORITY = ['image/svg+xml', 'image/png', 'image/jpeg', 'text/html', 'text/markdown', 'text/latex', 'text/plain']


def main():
    arguments = parse_arguments()
    notebooks = find_notebooks(arguments.names)
    out = arguments.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, COURSE_QUICK='1') if arguments.quick else dict(os.environ)

    report = []
    for notebook in notebooks:
        report.append(run(notebook, out, environment, arguments.timeout))
        # After each, so that an interrupted run leaves the report of what was done.
        write_whole(out / 'report.json', json.dumps(report, indent=2) + '\n')
    print_table(report, out)
    return 0 if all(entry['ok'] for entry in report) else 1


def parse_arguments():
    parser = argparse.ArgumentParser(prog='npm run notebooks --', description='Runs notebooks through the real kernel.')
    parser.add_argument(
        'names', nargs='*',
        help='a name (01_mnist_mlp), a number (01), either with its folder (exercises/01), or a path; all of notebooks/ without one',
    )
    parser.add_argument('--quick', action='store_true', help='a small part of the data and few epochs (COURSE_QUICK=1)')
    parser.add_argument('--out', type=Path, default=COURSE / 'output' / 'notebooks', help='the folder for what is written')
    parser.add_argument('--timeout', type=float, help='the most seconds that one cell may take; no limit without it')
    return parser.parse_args()


def find_notebooks(names):
    """The notebooks' paths; ends the program if one cannot be found."""
    known = [path for folder in FOLDERS for path in sorted((COURSE / folder).glob('*.ipynb'))]
    if not names:
        return [path for path in known if path.parent.name == FOLDERS[0]]
    found, unknown = [], []
    for name in names:
        path = Path(name)
        if path.suffix == '.ipynb' and path.is_file():
            found.append(path.resolve())
            continue
        # A lesson and its exercises have the same name: without a folder, the first folder that has it is meant.
        folder, _, wanted = name.rpartition('/')
        for each in [folder] if folder else FOLDERS:
            matches = [it for it in known if it.parent.name == each and wanted in (it.stem, it.name, it.stem.split('_')[0])]
            if matches:
                found.extend(matches)
                break
        else:
            unknown.append(name)
    if unknown:
        print(f'No such notebook: {", ".join(unknown)}. There are:', file=sys.stderr)
        for path in known:
            print(f'  {path.relative_to(COURSE).with_suffix("")}', file=sys.stderr)
        sys.exit(2)
    return list(dict.fromkeys(found))


def name_of(path):
    """What the report and the files call it: its name; for an exercise with its folder, because the lesson has the same."""
    folder = path.parent.name
    return f'{folder}/{path.stem}' if path.parent.parent == COURSE and folder != FOLDERS[0] else path.stem


def run(path, out, environment, timeout):
    """Runs one notebook, writes its results, and returns its entry of the report."""
    name = name_of(path)
    notebook = nbformat.read(path, as_version=4)
    progress = Progress(name, sum(is_code(cell) for cell in notebook.cells))
    client = Client(
        notebook,
        kernel_name=KERNEL_NAME,
        timeout=timeout,
        # A burst of output may still be on its way when a cell has ended.
        iopub_timeout=60,
        startup_timeout=120,
        record_timing=False,
        resources={'metadata': {'path': str(path.parent)}},
        on_cell_execute=progress.cell_starts,
    )
    entry = {'name': name, 'ok': True}
    memory = PeakMemory(client)
    started = time.monotonic()
    with progress, memory:
        try:
            # As a Jupyter server tells it the kernel.
            asyncio.run(client.async_execute(env=dict(environment, JPY_SESSION_NAME=str(path))))
        except (CellExecutionError, CellTimeoutError, DeadKernelError, NoSuchKernel, RuntimeError) as error:
            if client.is_interrupted:
                raise KeyboardInterrupt from None
            entry['ok'] = False
            entry['error'] = describe(error, progress)
    entry['seconds'] = round(time.monotonic() - started, 1)
    entry['peakMemoryBytes'] = memory.bytes
    progress.done(entry)

    (out / name).parent.mkdir(exist_ok=True)
    write_whole(out / f'{name}.ipynb', nbformat.writes(notebook) + '\n')
    write_whole(out / f'{name}.html', to_html(notebook, path.stem))
    return entry


def is_code(cell):
    return cell.cell_type == 'code' and cell.source.strip() != ''


def describe(error, progress):
    if isinstance(error, CellExecutionError):
        return f'cell {progress.cell}: {error.ename}: {error.evalue}'
    text = next((line for line in str(error).splitlines() if line.strip()), '')
    return f'cell {progress.cell}: {type(error).__name__}: {text}'


def to_html(notebook, title):
    config = Config()
    config.HTMLExporter.display_data_priority = DISPLAY_PRIORITY
    exporter = HTMLExporter(config=config, raw_template=TEMPLATE)
    html, _ = exporter.from_notebook_node(notebook, {'metadata': {'name': title}})
    return html


class Client(NotebookClient):
    """Ends its kernel and then itself on Ctrl+C. nbclient's own handler ends the kernel, and then fails over its absence."""

    is_interrupted = False

    async def async_start_new_kernel(self, **kwargs):
        task = asyncio.current_task()

        def interrupt():
            self.is_interrupted = True
            task.cancel()  # nbclient takes that for the end of the kernel, and cleans up.

        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, interrupt)
        await super().async_start_new_kernel(**kwargs)


class Progress:
    """One line on the terminal: which cell of how many runs, and for how long."""

    def __init__(self, name, cells):
        self.name, self.cells, self.cell = name, cells, 0
        self._started = time.monotonic()
        self._stopped = threading.Event()
        self._is_terminal = sys.stdout.isatty()

    def cell_starts(self, cell, cell_index):
        if is_code(cell):
            self.cell += 1
            if self._is_terminal:
                self._show()

    def __enter__(self):
        if self._is_terminal:
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._stopped.set()

    def done(self, entry):
        start = '\r\x1b[K' if self._is_terminal else ''
        result = 'ok' if entry['ok'] else f'FAILED in {entry["error"]}'
        print(f'{start}{self.name}: {self.cells} cells, {entry["seconds"]:.1f} s, {result}', flush=True)

    def _tick(self):
        while not self._stopped.wait(0.5):
            self._show()

    def _show(self):
        seconds = time.monotonic() - self._started
        print(f'\r\x1b[K{self.name}: cell {self.cell} of {self.cells}, {seconds:.0f} s', end='', flush=True)


class PeakMemory:
    """The most physical memory that the kernel's process has used, in bytes; None where the system does not tell."""

    def __init__(self, client):
        self.bytes = None
        self._client = client
        self._stopped = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._stopped.set()

    def _watch(self):
        while not self._stopped.wait(0.25):
            manager = self._client.km
            pid = getattr(getattr(manager, 'provisioner', None), 'pid', None)
            current = resident_bytes(pid) if pid else None
            if current is not None:
                self.bytes = max(self.bytes or 0, current)


def resident_bytes(pid):
    """On Linux the process's own high-water mark, so that no peak falls between two looks; elsewhere what it uses now."""
    try:
        if sys.platform == 'linux':
            for line in Path(f'/proc/{pid}/status').read_text().splitlines():
                if line.startswith('VmHWM:'):
                    return int(line.split()[1]) * 1024
            return None
        return int(subprocess.run(['ps', '-o', 'rss=', '-p', str(pid)], capture_output=True, text=True).stdout) * 1024
    except (OSError, ValueError):
        return None  # The process has just ended.


def write_whole(path, text):
    """Writes a file so that a reader sees the old text or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.')
    try:
        with os.fdopen(handle, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def print_table(report, out):
    width = max((len(entry['name']) for entry in report), default=0)
    print()
    for entry in report:
        memory = f'{entry["peakMemoryBytes"] / 1e6:7,.0f} MB' if entry['peakMemoryBytes'] else '      ?   '
        print(f'{entry["name"]:{width}}  {"ok" if entry["ok"] else "FAILED":6}  {entry["seconds"]:7.1f} s  {memory}')
        if not entry['ok']:
            print(f'{"":{width}}  {entry["error"]}')
    print(f'\nExecuted notebooks, pages and report.json: {out}')


if __name__ == '__main__':
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        print('\nInterrupted.', file=sys.stderr)
        sys.exit(130)
