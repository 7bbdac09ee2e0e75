#!/usr/bin/env python
"""How long a learner waits for the first cell: from the start of the kernel to the result of a cell that imports TensorFlow and the library.

    .venv/bin/python bench/kernel-start.py [ROUNDS = 5]

Each round is a new kernel. Needs a course that is set up.
"""

import os
import platform
import statistics
import sys
import time
from datetime import date

from jupyter_client.manager import start_new_kernel

CELL = "import { tf, loadMnist, fit } from '@course/lib';\ntf.tensor1d([1, 2, 3]).sum().dataSync()[0]"


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'notebooks'))
    times = []
    for _ in range(rounds):
        began = time.monotonic()
        manager, client = start_new_kernel(kernel_name='tslab')
        outputs = []
        reply = client.execute_interactive(CELL, timeout=120, output_hook=outputs.append)
        times.append(time.monotonic() - began)
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        texts = ''.join(message['content'].get('text', '') for message in outputs)
        if reply['content']['status'] != 'ok' or texts.strip() != '6':
            sys.exit(f'The cell gave {texts!r}, expected 6: {reply["content"]}')
    print(f'{platform.machine()}, {os.cpu_count()} cores, {date.today()}, {rounds} kernels')
    print(f'kernel start to the first result: median {statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})')


if __name__ == '__main__':
    main()
