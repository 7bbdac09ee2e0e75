"""The peers of reading-folders.mjs: reads a folder of pictures and prints a line of JSON.

    python reading-folders.py keras|torchvision FOLDER [FOLDER TO READ BEFORE]
"""
import json
import os
import sys
import time

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'


def keras_reader():
    import keras
    import tensorflow

    tensorflow.zeros([1]).numpy()

    def read(folder):
        batches = keras.utils.image_dataset_from_directory(
            folder, image_size=(32, 32), batch_size=32, shuffle=False, verbose=False)
        return sum(int(images.shape[0]) for images, _ in batches)

    return read, f'Keras {keras.__version__}, TensorFlow {tensorflow.__version__}'


def torchvision_reader():
    import torch
    import torchvision
    from torchvision.transforms import v2

    torch.zeros(1)

    def read(folder):
        to_size = v2.Compose([v2.Resize((32, 32)), v2.PILToTensor()])
        pictures = torchvision.datasets.ImageFolder(folder, transform=to_size)
        batches = torch.utils.data.DataLoader(pictures, batch_size=32, num_workers=2)
        return sum(int(images.shape[0]) for images, _ in batches)

    return read, f'torchvision {torchvision.__version__}, PyTorch {torch.__version__}'


if __name__ == '__main__':
    peer, folder, *others = sys.argv[1:]
    read, versions = {'keras': keras_reader, 'torchvision': torchvision_reader}[peer]()
    for other in others:
        read(other)
    began = time.perf_counter()
    pictures = read(folder)
    print(json.dumps({'milliseconds': (time.perf_counter() - began) * 1000, 'pictures': pictures, 'versions': versions}))
