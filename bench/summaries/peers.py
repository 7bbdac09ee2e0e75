"""Builds the architectures of architectures.json in Keras or PyTorch and prints what Keras's and torchinfo's summaries count, as JSON.

    python peers.py keras
    python peers.py torchinfo
"""
import json
import os
import pathlib
import re
import sys

ARCHITECTURES = json.loads((pathlib.Path(__file__).parent / 'architectures.json').read_text())


def snake_case(name):
    return re.sub(r'(?<!^)(?=[A-Z])', '_', name).lower()


def count_with_keras():
    os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
    import keras

    classes = {name.lower(): getattr(keras.layers, name) for name in dir(keras.layers) if name[0].isupper()}
    # Like the GRU of TensorFlow.js: reset before the product, one bias.
    extra = {'gru': {'reset_after': False}}
    counts = []
    for architecture in ARCHITECTURES:
        x = keras.Input(architecture['input'])
        inputs, by_id = x, {}
        for spec in architecture['layers']:
            options = {snake_case(key): value for key, value in spec.items() if key not in ('kind', 'id', 'from')}
            layer = classes[spec['kind'].lower()](**options, **extra.get(spec['kind'], {}))
            x = layer([by_id[name] for name in spec['from']] if 'from' in spec else x)
            by_id[spec.get('id')] = x
        counts.append({'parameters': keras.Model(inputs, x).count_params()})
    return {'version': f'Keras {keras.__version__}', 'counts': counts}


def count_with_torchinfo():
    import torch
    import torchinfo
    from torch import nn

    class Network(nn.Module):
        """Channels come first here; everything else is as the architecture says."""

        def __init__(self, architecture):
            super().__init__()
            self.specs = architecture['layers']
            self.layers = nn.ModuleList()
            shape = architecture['input']
            self.is_words = self.specs[0]['kind'] == 'embedding'
            x = torch.zeros((1, *shape), dtype=torch.long) if self.is_words else torch.zeros((1, shape[-1], *shape[:-1]))
            self.input = x
            by_id = {}
            for spec in self.specs:
                self.layers.append(self.make(spec, x))
                x = self.step(self.layers[-1], spec, x, by_id)

        def make(self, spec, x):
            kind, channels = spec['kind'], x.shape[1]
            size, bias = spec.get('kernelSize'), spec.get('useBias', True)
            padding = 'same' if spec.get('padding') == 'same' else 0
            if kind == 'dense':
                return nn.Linear(x.shape[-1], spec['units'])
            if kind == 'conv1d':
                return nn.Conv1d(channels, spec['filters'], size)
            if kind == 'conv2d':
                return nn.Conv2d(channels, spec['filters'], size, padding=padding, bias=bias)
            if kind == 'depthwiseConv2d':
                return nn.Conv2d(channels, channels, size, groups=channels)
            if kind == 'separableConv2d':
                return nn.Sequential(nn.Conv2d(channels, channels, size, groups=channels, bias=False), nn.Conv2d(channels, spec['filters'], 1))
            if kind == 'conv2dTranspose':
                return nn.ConvTranspose2d(channels, spec['filters'], size, stride=spec['strides'])
            if kind == 'maxPooling2d':
                return nn.MaxPool2d(spec['poolSize'], stride=spec['strides'])
            if kind == 'batchNormalization':
                return nn.BatchNorm2d(channels)
            if kind == 'embedding':
                return nn.Embedding(spec['inputDim'], spec['outputDim'])
            if kind in ('lstm', 'gru'):
                return (nn.LSTM if kind == 'lstm' else nn.GRU)(self.steps_last(x).shape[-1], spec['units'], batch_first=True)
            return {'flatten': nn.Flatten(), 'dropout': nn.Dropout(spec.get('rate', 0)), 'reLU': nn.ReLU(), 'add': nn.Identity(),
                    'globalAveragePooling2d': nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())}[kind]

        def steps_last(self, x):
            return x if self.is_words else x.transpose(1, 2)

        def step(self, layer, spec, x, by_id):
            if spec['kind'] == 'add':
                x = sum(by_id[name] for name in spec['from'])
            elif spec['kind'] in ('lstm', 'gru'):
                x = layer(self.steps_last(x))[0][:, -1]
            else:
                x = layer(x)
            by_id[spec.get('id')] = x
            return x

        def forward(self, x):
            by_id = {}
            for layer, spec in zip(self.layers, self.specs):
                x = self.step(layer, spec, x, by_id)
            return x

    counts = []
    for architecture in ARCHITECTURES:
        network = Network(architecture)
        info = torchinfo.summary(network, input_data=network.input, verbose=0)
        counts.append({'parameters': info.total_params, 'multiplyAdds': info.total_mult_adds})
    return {'version': f'torchinfo {torchinfo.__version__}, PyTorch {torch.__version__}', 'counts': counts}


print(json.dumps({'keras': count_with_keras, 'torchinfo': count_with_torchinfo}[sys.argv[1]]()))
