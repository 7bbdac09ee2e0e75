"""Keras in compare.mjs: trains one model and prints a line of JSON.

The job says how (`way`): `jit` compiles by XLA; `input` is `numpy` (arrays handed to `fit`) or `tf.data` (a pipeline:
cached, shuffled, batched, prefetched); `steps` is Keras's steps_per_execution. With `compare` several ways are measured
shortly, one after the other, to find the best for the long measurement.
"""

import os
import time

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['KERAS_BACKEND'] = 'tensorflow'

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from peer import Stopwatch, memory, one_hot, read_examples, read_job, read_weights, report  # noqa: E402

LOSSES = {'categoricalCrossentropy': 'categorical_crossentropy',
          'sparseCategoricalCrossentropy': 'sparse_categorical_crossentropy',
          'binaryCrossentropy': 'binary_crossentropy'}
ACCURACIES = {'categoricalCrossentropy': 'categorical_accuracy',
              'sparseCategoricalCrossentropy': 'sparse_categorical_accuracy',
              'binaryCrossentropy': 'binary_accuracy'}


def make_layer(kind, **options):
    layers = keras.layers
    activation = options.get('activation')
    return {
        'dense': lambda: layers.Dense(options['units'], activation=activation),
        'conv2d': lambda: layers.Conv2D(options['filters'], options['kernelSize'], activation=activation),
        'maxPooling2d': lambda: layers.MaxPooling2D(options['poolSize'], strides=options['strides']),
        'rescaling': lambda: layers.Rescaling(options['scale']),
        'dropout': lambda: layers.Dropout(options['rate']),
        'flatten': layers.Flatten,
    }[kind]()


def make_optimizer(kind, learningRate, momentum=0.0):
    return {
        'adam': lambda: keras.optimizers.Adam(learningRate, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
        'rmsprop': lambda: keras.optimizers.RMSprop(learningRate, rho=0.9, epsilon=1e-7),
        'momentum': lambda: keras.optimizers.SGD(learningRate, momentum=momentum),
    }[kind]()


def make_model(job, way):
    spec = job['model']
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input(spec['input']), *(make_layer(**layer) for layer in spec['layers'])])
    model.set_weights(initial_weights(job, model))
    model.compile(optimizer=make_optimizer(**spec['optimizer']), loss=LOSSES[spec['loss']],
                  metrics=[ACCURACIES[spec['loss']]], jit_compile=way['jit'], steps_per_execution=way['steps'])
    return model


def initial_weights(job, model):
    # Keras counts the state of its random numbers (dropout) among a layer's variables, but not among its weights.
    return read_weights(job, [tuple(weight.shape) for weight in model.weights])


def targets(spec, labels):
    return labels if spec['loss'] == 'sparseCategoricalCrossentropy' else one_hot(labels, spec['layers'][-1]['units'])


def feed(way, x, y, batch_size):
    """The arguments of `fit`."""
    if way['input'] == 'numpy':
        return {'x': x, 'y': y, 'batch_size': batch_size, 'shuffle': True}
    examples = tf.data.Dataset.from_tensor_slices((x, y)).cache()
    return {'x': examples.shuffle(len(x)).batch(batch_size).prefetch(tf.data.AUTOTUNE)}


class Epochs(keras.callbacks.Callback):
    def __init__(self, watch, accuracy):
        super().__init__()
        self.watch, self.accuracy = watch, accuracy
        self.weights = None

    def on_train_begin(self, logs=None):
        self.watch.start()

    def on_epoch_end(self, epoch, logs=None):
        def keep():
            self.weights = self.model.get_weights()

        if self.watch.epoch_ended(logs['loss'], logs[self.accuracy], keep):
            self.model.stop_training = True


def train(job, way, x, y):
    """Returns the model, what was measured, and the weights after the model's own number of epochs."""
    spec = job['model']
    batch = spec['batchSize']
    began = time.perf_counter()
    model = make_model(job, way)
    model.fit(**feed(way, x[:batch], y[:batch], batch), epochs=1, verbose=0)
    first_batch = time.perf_counter() - began
    watch = Stopwatch(job)
    epochs = Epochs(watch, ACCURACIES[spec['loss']])
    model.fit(**feed(way, x, y, batch), epochs=10**6, verbose=0, callbacks=[epochs])
    return model, {'firstBatch': first_batch, 'times': watch.times, **watch.reached}, epochs.weights


def main():
    job = read_job()
    spec = job['model']
    tf.reduce_sum(tf.zeros([1])).numpy()
    before = memory('VmRSS')
    x, labels = read_examples(job, 'train')
    y = targets(spec, labels)
    if 'compare' in job:
        speeds = []
        for way in job['compare']:
            _, result, _ = train(job, way, x, y)
            times = result['times'][1:]
            speeds.append(len(x) * len(times) / sum(times))
        return report(speeds=speeds)

    model, result, weights = train(job, job['way'], x, y)
    peak = memory('VmHWM')
    x_test, test_labels = read_examples(job, 'test')
    y_test = targets(spec, test_labels)
    model.set_weights(weights)
    _, test_accuracy = model.evaluate(x_test, y_test, batch_size=500, verbose=0)
    model.set_weights(initial_weights(job, model))
    initial_loss, _ = model.evaluate(x_test, y_test, batch_size=500, verbose=0)
    report(**result, examples=len(x), testAccuracy=test_accuracy, initialLoss=initial_loss, memoryBefore=before,
           memory=peak, versions=f'Keras {keras.__version__} on TensorFlow {tf.__version__}')


main()
