"""The peer of reading-mnist.mjs: MNIST from Keras's npz to tensors. With two arguments it makes the npz from the IDX files."""

import gzip
import json
import os
import sys
import time

import numpy as np


def make(folder, target):
    """As the published mnist.npz: four arrays, compressed."""

    def read(name, offset, shape):
        file = os.path.join(folder, name)
        opener = open if os.path.exists(file) else gzip.open
        with opener(file if os.path.exists(file) else f"{file}.gz", "rb") as idx:
            return np.frombuffer(idx.read(), np.uint8, offset=offset).reshape(shape)

    np.savez_compressed(
        target,
        x_train=read("train-images-idx3-ubyte", 16, (60000, 28, 28)),
        y_train=read("train-labels-idx1-ubyte", 8, (60000,)),
        x_test=read("t10k-images-idx3-ubyte", 16, (10000, 28, 28)),
        y_test=read("t10k-labels-idx1-ubyte", 8, (10000,)),
    )


def measure(npz):
    import keras
    import tensorflow as tf

    # What only the first use of TensorFlow costs is left out on both sides.
    float(tf.reduce_sum(tf.constant([1.0])))
    start = time.perf_counter()
    # As keras.datasets.mnist.load_data reads it, without comparing its checksum.
    with np.load(npz, allow_pickle=False) as arrays:
        x_train, y_train = arrays["x_train"], arrays["y_train"]
        x_test, y_test = arrays["x_test"], arrays["y_test"]
    read = time.perf_counter()
    tensors = [
        tf.constant(x_train.reshape(-1, 784).astype("float32") / 255),
        tf.constant(keras.utils.to_categorical(y_train, 10).astype("float32")),
        tf.constant(x_test.reshape(-1, 784).astype("float32") / 255),
        tf.constant(keras.utils.to_categorical(y_test, 10).astype("float32")),
    ]
    sums = [float(tf.reduce_sum(tensor)) for tensor in tensors]
    end = time.perf_counter()
    shapes = [tensor.shape.as_list() for tensor in tensors]
    versions = f"Keras {keras.__version__}, TensorFlow {tf.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}"
    print(json.dumps({"read": 1000 * (read - start), "all": 1000 * (end - start), "sums": sums, "shapes": shapes, "versions": versions}))


if len(sys.argv) == 3:
    make(sys.argv[1], sys.argv[2])
else:
    measure(sys.argv[1])
