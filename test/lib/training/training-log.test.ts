import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fit, learningRateSweep, tf, trainingLog } from '@course/lib';
import protobuf from 'protobufjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * TensorFlow's messages, as far as logs have them: tensorflow/core/util/event.proto and
 * framework/{summary,tensor}.proto.
 */
const Event = protobuf.parse(`
  syntax = "proto3";
  message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
  message Summary { repeated Value value = 1; }
  message Value { string tag = 1; TensorProto tensor = 8; Metadata metadata = 9; }
  message Metadata { PluginData plugin_data = 1; }
  message PluginData { string plugin_name = 1; bytes content = 2; }
  message TensorProto { int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4; repeated float float_val =
    5; repeated bytes string_val = 8; }
  message Shape { repeated Dim dim = 2; }
  message Dim { int64 size = 1; }
`, { keepCase: true }).root.lookupType('Event');

interface Entry {
  step: number;
  wall_time: number;
  file_version?: string;
  tag?: string;
  plugin?: string;
  tensor?: {
    tensor_shape: { dim: { size: number }[] };
    tensor_content: Buffer;
    float_val: number[];
    string_val: Buffer[];
  };
}

/** CRC-32C, one bit after the other, and what TFRecord makes of it. */
function maskedChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  const inverted = ~crc >>> 0;
  return Number((BigInt((inverted >>> 15) | (inverted << 17)) + 0xa282ead8n) & 0xffffffffn);
}

/** All records of the event file in a folder, of so many there. */
function readEvents(folder: string, { index = 0, of = 1 } = {}): Entry[] {
  const names = readdirSync(folder).filter((name) => name.includes('tfevents')).sort();
  expect(names, 'event files').toHaveLength(of);
  const file = readFileSync(path.join(folder, names[index]));
  const entries: Entry[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    const bytes = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 8), 'checksum of the length').toBe(maskedChecksum(file.subarray(at, at + 8)));
    expect(file.readUInt32LE(at + 12 + length), 'checksum of the bytes').toBe(maskedChecksum(bytes));
    const event: any = Event.toObject(Event.decode(bytes), { longs: Number, defaults: false });
    const value = event.summary?.value?.[0];
    entries.push({ step: 0, ...event, tag: value?.tag, plugin: value?.metadata?.plugin_data?.plugin_name,
      tensor: value?.tensor });
    at += length + 16;
  }
  return entries;
}

function task(): { model: tf.Sequential; data: { x: tf.Tensor; y: tf.Tensor } } {
  const model = tf.sequential({ layers: [
    tf.layers.dense({ units: 4, activation: 'relu', inputShape: [3], name: 'hidden' }),
    tf.layers.dense({ units: 2, activation: 'softmax', name: 'out' })] });
  model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return { model, data: { x: tf.randomNormal([40, 3], 0, 1, 'float32', 1),
    y: tf.tidy(() => tf.oneHot(tf.range(0, 40, 1, 'int32').mod(2).toInt(), 2).toFloat()) } };
}

describe('trainingLog', () => {
  let folder: string;
  let tensorsBefore: number;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'course-log-'));
    tensorsBefore = tf.memory().numTensors;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  async function trained(): Promise<Record<string, number[]>> {
    const { model, data } = task();
    const { history } = await fit(model, data,
      { epochs: 3, validationSplit: 0.25, display: false, callbacks: trainingLog(folder) });
    model.dispose();
    tf.dispose([data.x, data.y]);
    return history;
  }

  it('keeps loss and accuracy of each epoch, training and validation as runs of their own', async () => {
    const history = await trained();
    for (const [run, prefix] of [['train', ''], ['validation', 'val_']]) {
      const events = readEvents(path.join(folder, run));
      expect(events[0].file_version).toBe('brain.Event:2');
      for (const [tag, measure] of [['epoch_loss', 'loss'], ['epoch_accuracy', 'acc']]) {
        const scalars = events.filter((event) => event.tag === tag);
        expect(scalars.map(({ step, plugin }) => [step, plugin]))
          .toEqual([[0, 'scalars'], [1, 'scalars'], [2, 'scalars']]);
        expect(scalars.map(({ tensor }) => tensor!.float_val[0])).toEqual(history[prefix + measure].map(Math.fround));
      }
    }
  });

  it('keeps histograms of all weights, before the training and after each epoch', async () => {
    await trained();
    const events = readEvents(path.join(folder, 'train')).filter(({ plugin }) => plugin === 'histograms');
    expect(new Set(events.map(({ tag }) => tag)))
      .toEqual(new Set(['hidden/kernel', 'hidden/bias', 'out/kernel', 'out/bias']));
    const kernels = events.filter(({ tag }) => tag === 'hidden/kernel');
    expect(kernels.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    for (const { tensor } of kernels) {
      expect(tensor!.tensor_shape.dim.map(({ size }) => size)).toEqual([30, 3]);
      const values = new Float64Array(Uint8Array.from(tensor!.tensor_content).buffer);
      const rows = Array.from({ length: 30 }, (_, i) => values.subarray(i * 3, i * 3 + 3));
      expect(rows.reduce((sum, [, , count]) => sum + count, 0)).toBe(12);
      rows.slice(1).forEach(([left], i) => expect(left).toBeCloseTo(rows[i][1], 10));
    }
  });

  it('keeps the graph of the model, each layer with those that it comes from', async () => {
    await trained();
    const graph = readEvents(path.join(folder, 'train')).find(({ plugin }) => plugin === 'graph_keras_model')!;
    const { config } = JSON.parse(String(graph.tensor!.string_val[0]));
    const sources = config.layers.map((layer: any) =>
      [layer.class_name, layer.config.name,
        ...layer.inbound_nodes.flatMap(({ args }: any) => args.map((arg: any) => arg.config.keras_history[0]))]);
    expect(sources).toEqual([['InputLayer', 'hidden_input'], ['Dense', 'hidden', 'hidden_input'],
      ['Dense', 'out', 'hidden']]);
  });

  const stepsOf = (events: Entry[], name: string): number[] =>
    events.filter(({ tag }) => tag === name).map(({ step }) => step);

  it('goes on in files of its own for a second training, from the last epoch of the first', async () => {
    await trained();
    // What a crash has cut off.
    const run = path.join(folder, 'train');
    const half = [200, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    appendFileSync(path.join(run, readdirSync(run)[0]), Buffer.from(half));
    await trained();
    const events = readEvents(run, { index: 1, of: 2 });
    expect(stepsOf(events, 'epoch_loss')).toEqual([3, 4, 5]);
    expect(stepsOf(events, 'hidden/kernel')).toEqual([3, 4, 5, 6]);
    expect(stepsOf(readEvents(path.join(folder, 'validation'), { index: 1, of: 2 }), 'epoch_loss')).toEqual([3, 4, 5]);
  });

  it('logs no epoch that was interrupted, and goes on after it', async () => {
    const { model, data } = task();
    let epoch = 0;
    const interrupt = new tf.CustomCallback({
      onEpochBegin: (now) => void (epoch = now),
      onBatchEnd: (batch) => void (epoch === 2 && batch === 1 && process.emit('SIGINT')),
    }, 'never') as unknown as tf.Callback;
    const options = { batchSize: 10, display: false, validationSplit: 0.25 } as const;
    await expect(fit(model, data, { ...options, epochs: 5, callbacks: [interrupt, trainingLog(folder)] }))
      .rejects.toThrow(/interrupted in epoch 3 of 5/);
    await fit(model, data, { ...options, epochs: 2, callbacks: trainingLog(folder) });
    model.dispose();
    tf.dispose([data.x, data.y]);
    for (const run of ['train', 'validation']) {
      const steps = [0, 1].map((index) => stepsOf(readEvents(path.join(folder, run), { index, of: 2 }), 'epoch_loss'));
      expect(steps).toEqual([[0, 1], [2, 3]]);
    }
  });

  it('counts on where a training goes on from a checkpoint', async () => {
    const checkpoint = { folder: path.join(folder, 'checkpoints') };
    const log = path.join(folder, 'log');
    const { model, data } = task();
    for (const epochs of [2, 5]) {
      await fit(model, data, { epochs, batchSize: 10, display: false, checkpoint, callbacks: trainingLog(log), onNotice: () => {} });
    }
    model.dispose();
    tf.dispose([data.x, data.y]);
    const steps = [0, 1].map((index) => stepsOf(readEvents(path.join(log, 'train'), { index, of: 2 }), 'epoch_loss'));
    expect(steps).toEqual([[0, 1], [2, 3, 4]]);
  });

  it('refuses what is no folder', async () => {
    expect(() => trainingLog(undefined as unknown as string)).toThrow(/got undefined; expected a folder/);
    const { model, data } = task();
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    await expect(fit(model, data, { display: false, callbacks: trainingLog(path.join(file, 'log')) }))
      .rejects.toThrow(/trainingLog: cannot write to .*Give it a folder that can be written/);
    model.dispose();
    tf.dispose([data.x, data.y]);
  });

  const python = ['.venv/bin/python', 'python3'].find((name) => spawnSync(name, ['-c', 'import tensorboard']).status === 0);
  if (!python) console.warn('trainingLog: NOT read by a real TensorBoard; .venv/bin/pip install tensorboard adds one.');

  it.skipIf(!python)('is read by a real TensorBoard', async () => {
    const history = await trained();
    const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.graph.keras_util import keras_model_to_graph_def
from tensorboard.util.tensor_util import make_ndarray
log = EventAccumulator(sys.argv[1]); log.Reload()
series = {tag: [[e.step, make_ndarray(e.tensor_proto).sum()
  .item()] for e in log.Tensors(tag)] for tag in log.Tags()['tensors'] if tag != 'keras'}
graph = keras_model_to_graph_def(json.loads(make_ndarray(log.Tensors('keras')[0].tensor_proto).item()))
print(json.dumps({'loss': series['epoch_loss'], 'tags': sorted(series),
  'graph': [[n.name, *n.input] for n in graph.node]}))`;
    const { stdout, stderr } = spawnSync(python!, ['-c', script, path.join(folder, 'train')], { encoding: 'utf8' });
    expect(stdout, stderr).toMatch(/^\{/);
    const read = JSON.parse(stdout);
    expect(read.loss).toEqual(history.loss.map((loss, epoch) => [epoch, Math.fround(loss)]));
    expect(read.tags).toEqual(['epoch_accuracy', 'epoch_loss', 'hidden/bias', 'hidden/kernel', 'out/bias',
      'out/kernel']);
    expect(read.graph.at(-1)).toEqual([expect.stringMatching(/out$/), expect.stringMatching(/hidden$/)]);
  }, 60_000);
});

describe('the reader of these tests', () => {
  it('reads what TensorFlow itself writes', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'course-log-'));
    const writer = tf.node.summaryFileWriter(folder);
    writer.scalar('epoch_loss', 0.25, 7);
    writer.flush();
    const [version, scalar] = readEvents(folder);
    rmSync(folder, { recursive: true });
    expect(version.file_version).toBe('brain.Event:2');
    expect([scalar.tag, scalar.step]).toEqual(['epoch_loss', 7]);
    expect(scalar.wall_time).toBeGreaterThan(1.7e9);
  });
});

describe('learningRateSweep', () => {
  it('trains a new model with each rate, and leaves no tensors', async () => {
    const { model, data } = task();
    model.dispose();
    const before = tf.memory().numTensors;
    const made: number[] = [];
    const sweep = await learningRateSweep((rate) => {
      made.push(rate);
      const small = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3],
        kernelInitializer: 'zeros' })] });
      small.compile({ optimizer: tf.train.adam(rate), loss: 'meanSquaredError' });
      return small;
    }, data, [1e-6, 0.05], { epochs: 10 });
    expect(tf.memory().numTensors).toBe(before);
    expect(made).toEqual([1e-6, 0.05]);
    expect(sweep.rates).toEqual(made);
    // From zero, half of all targets are missed by 1.
    expect(sweep.losses[0]).toBeCloseTo(0.5, 2);
    expect(sweep.losses[1]).toBeLessThan(0.4);
    tf.dispose([data.x, data.y]);
  });
});
