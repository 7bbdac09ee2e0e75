"""PyTorch in compare.mjs: trains one model and prints a line of JSON.

The job says how (`way`): `channelsLast` lays pictures out as TensorFlow does; `compile` is the mode of torch.compile,
or null. All examples lie in one tensor, and a batch is a selection of its rows: a DataLoader would be slower. Adam and
SGD are PyTorch's fused ones.
"""

import time

import torch
from torch import nn

from peer import Stopwatch, memory, one_hot, read_examples, read_job, read_weights, report


class Rescaling(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return x * self.scale


def make_model(job):
    """A network that puts out logits, as PyTorch's losses want them, with the weights that node has drawn for all."""
    spec = job['model']
    modules, weighted, shapes, permutation = [], [], [], None
    # As TensorFlow sees it: height, width, channels.
    shape = list(spec['input'])
    for layer in spec['layers']:
        kind = layer['kind']
        if kind == 'dense':
            modules.append(nn.Linear(shape[-1], layer['units']))
            weighted.append((modules[-1], permutation))
            shapes += [(shape[-1], layer['units']), (layer['units'],)]
            shape, permutation = [layer['units']], None
        elif kind == 'conv2d':
            size = layer['kernelSize']
            modules.append(nn.Conv2d(shape[-1], layer['filters'], size))
            weighted.append((modules[-1], None))
            shapes += [(size, size, shape[-1], layer['filters']), (layer['filters'],)]
            shape = [shape[0] - size + 1, shape[1] - size + 1, layer['filters']]
        elif kind == 'maxPooling2d':
            size, strides = layer['poolSize'], layer['strides']
            modules.append(nn.MaxPool2d(size, strides))
            shape = [(shape[0] - size) // strides + 1, (shape[1] - size) // strides + 1, shape[2]]
        elif kind == 'flatten':
            # Channels come first in PyTorch, so the rows of the next kernel are in another order.
            permutation = torch.arange(shape[0] * shape[1] * shape[2]).reshape(shape).permute(2, 0, 1).flatten()
            modules.append(nn.Flatten())
            shape = [len(permutation)]
        elif kind == 'dropout':
            modules.append(nn.Dropout(layer['rate']))
        elif kind == 'rescaling':
            modules.append(Rescaling(layer['scale']))
        else:
            raise ValueError(kind)
        if layer.get('activation') == 'relu':
            modules.append(nn.ReLU())
    model = nn.Sequential(*modules)
    values = [torch.from_numpy(array.copy()) for array in read_weights(job, shapes)]
    with torch.no_grad():
        for (module, order), kernel, bias in zip(weighted, values[::2], values[1::2]):
            if kernel.dim() == 4:
                kernel = kernel.permute(3, 2, 0, 1)
            else:
                kernel = (kernel if order is None else kernel[order]).t()
            module.weight.copy_(kernel)
            module.bias.copy_(bias)
    return model


def make_optimizer(parameters, kind, learningRate, momentum=0.0):
    return {
        'adam': lambda: torch.optim.Adam(parameters, lr=learningRate, betas=(0.9, 0.999), eps=1e-7, fused=True),
        'rmsprop': lambda: torch.optim.RMSprop(parameters, lr=learningRate, alpha=0.9, eps=1e-7, foreach=True),
        'momentum': lambda: torch.optim.SGD(parameters, lr=learningRate, momentum=momentum, fused=True),
    }[kind]()


def measures(spec):
    """Mean loss, and the mean accuracy, of logits and targets."""
    if spec['loss'] == 'binaryCrossentropy':
        return (nn.functional.binary_cross_entropy_with_logits,
                lambda logits, y: ((logits > 0) == (y > 0.5)).float().mean())
    return nn.functional.cross_entropy, lambda logits, y: (logits.argmax(1) == y).float().mean()


def tensors(job, part):
    spec = job['model']
    x, labels = read_examples(job, part)
    x = torch.from_numpy(x)
    if x.dim() == 4:
        x = x.permute(0, 3, 1, 2)
        x = x.contiguous(memory_format=torch.channels_last if job['way']['channelsLast'] else torch.contiguous_format)
    is_binary = spec['loss'] == 'binaryCrossentropy'
    return x, torch.from_numpy(one_hot(labels, spec['layers'][-1]['units']) if is_binary else labels)


def evaluate(spec, model, x, y):
    loss_of, accuracy_of = measures(spec)
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(part) for part in x.split(500)])
        return float(loss_of(logits, y)), float(accuracy_of(logits, y))


def main():
    job = read_job()
    spec, way = job['model'], job['way']
    torch.manual_seed(1)
    torch.set_num_threads(job['cores'])
    float(torch.zeros(1).sum())
    before = memory('VmRSS')
    x, y = tensors(job, 'train')

    began = time.perf_counter()
    model = make_model(job)
    if way['channelsLast']:
        model = model.to(memory_format=torch.channels_last)
    optimizer = make_optimizer(model.parameters(), **spec['optimizer'])
    loss_of, accuracy_of = measures(spec)

    def forward(inputs, targets):
        logits = model(inputs)
        return loss_of(logits, targets), accuracy_of(logits.detach(), targets)

    if way['compile']:
        # One graph for full batches, one for the last, smaller one.
        forward = torch.compile(forward, mode=way['compile'], dynamic=False)

    def epoch(inputs, targets):
        """Loss and accuracy, as the other contestants report them; read once at the end."""
        total, right = torch.zeros(()), torch.zeros(())
        for batch in torch.randperm(len(inputs)).split(spec['batchSize']):
            loss, accuracy = forward(inputs[batch], targets[batch])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += loss.detach() * len(batch)
            right += accuracy * len(batch)
        return float(total) / len(inputs), float(right) / len(inputs)

    model.train()
    epoch(x[:spec['batchSize']], y[:spec['batchSize']])
    first_batch = time.perf_counter() - began

    kept = {}

    def keep():
        kept.update({name: value.clone() for name, value in model.state_dict().items()})

    watch = Stopwatch(job)
    watch.start()
    while not watch.epoch_ended(*epoch(x, y), keep):
        pass
    peak = memory('VmHWM')

    x_test, y_test = tensors(job, 'test')
    model.load_state_dict(kept)
    _, test_accuracy = evaluate(spec, model, x_test, y_test)
    initial_loss, _ = evaluate(spec, make_model(job), x_test, y_test)
    report(firstBatch=first_batch, times=watch.times, **watch.reached, examples=len(x), testAccuracy=test_accuracy,
           initialLoss=initial_loss, memoryBefore=before, memory=peak, versions=f'PyTorch {torch.__version__}')


main()
