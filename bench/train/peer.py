"""What the peers of compare.mjs share: reading the prepared files, and what is measured when. It mirrors ours.mjs."""

import json
import pathlib
import resource
import sys
import time

import numpy as np


def read_job():
    return json.loads(sys.argv[1])


def read_examples(job, part):
    """Pictures as float32 and their class numbers."""
    model, folder = job['model'], pathlib.Path(job['folder'])
    labels = np.fromfile(folder / f"{model['data']}-{part}-labels.bin", np.uint8)
    pictures = np.fromfile(folder / f"{model['data']}-{part}-pictures.bin", np.uint8)
    count = min(job['examples'], len(labels)) if part == 'train' else len(labels)
    x = pictures.reshape(len(labels), *model['input'])[:count].astype(np.float32)
    if model['divideBy'] != 1:
        x /= model['divideBy']
    return x, labels[:count].astype(np.int64)


def read_weights(job, shapes):
    """The weights that node has drawn for all, in the order of the layers; a convolution's [height, width, in, out]."""
    values = np.fromfile(pathlib.Path(job['folder']) / f"{job['model']['name']}-weights.bin", np.float32)
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    if ends[-1] != len(values):
        raise ValueError(f'got {len(values)} weights; expected {ends[-1]}')
    return [part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes)]


def one_hot(labels, classes):
    return np.eye(classes, dtype=np.float32)[labels]


def memory(field):
    """Megabytes: VmRSS is the memory of this process now, VmHWM the most that it was."""
    try:
        with open('/proc/self/status') as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field)) * 1024 / 1e6
    except FileNotFoundError:  # macOS, in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


class Stopwatch:
    """Times the epochs.

    Training goes on until the number of epochs whose result is reported, and until the epochs after the first have
    taken long enough to be measured.
    """

    def __init__(self, job):
        self.epochs, self.enough = job['epochs'], job['seconds']
        self.times = []
        self.reached = None

    def start(self):
        self.began = time.perf_counter()

    def epoch_ended(self, loss, accuracy, keep_weights):
        """Whether it was the last one. What is done in here is not counted."""
        self.times.append(time.perf_counter() - self.began)
        if len(self.times) == self.epochs:
            self.reached = {'loss': float(loss), 'accuracy': float(accuracy)}
            keep_weights()
        is_last = len(self.times) >= self.epochs and sum(self.times[1:]) >= self.enough
        self.began = time.perf_counter()
        return is_last


def report(**result):
    print(json.dumps(result))
