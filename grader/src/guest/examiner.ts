/**
 * What looks at models, in a sandbox of its own: only the course's code runs here, but what it reads was made by somebody else.
 */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { decode, modelFacts, type Plain } from '@course/lib/exercises';
import { loadModel } from '../../../lib/dist/model-files/load';
import { tf } from '../../../lib/dist/tensorflow';
import { predict } from '../../../lib/dist/training/evaluate';
import { makeOptimizer } from '../../../lib/dist/training/optimizer-state';
import type { CompiledWith, Examination, Examined } from './messages';
import { serve } from './serve';

/** The one place that can be written to, in memory. */
const SCRATCH = '/scratch/model';
/** What `saveModel` writes. */
const FILES = ['model.json', 'weights.bin', 'optimizer.safetensors'];

async function examine(examination: Examination): Promise<Examined> {
  try {
    return examination.ask === 'topology' ? await topologyOf(examination) : await trained(examination);
  } catch (error) {
    return { examined: 'nothing', error: (error as Error).message.slice(0, 1000) };
  }
}

async function topologyOf({ topology, compiled }: Extract<Examination, { ask: 'topology' }>): Promise<Examined> {
  const model = await tf.models.modelFromJSON({ modelTopology: JSON.parse(topology) as object } as Parameters<typeof tf.models.modelFromJSON>[0]);
  if (compiled) {
    const { loss, metrics, optimizer } = JSON.parse(compiled) as CompiledWith;
    model.compile({
      optimizer: makeOptimizer(optimizer.className, optimizer.config as Parameters<typeof makeOptimizer>[1]),
      loss: loss as string, metrics: metrics as string[],
    });
  }
  return { examined: 'facts', facts: modelFacts(model) as unknown as Plain };
}

async function trained({ files, pictures }: Extract<Examination, { ask: 'trained' }>): Promise<Examined> {
  fs.rmSync(SCRATCH, { recursive: true, force: true });
  fs.mkdirSync(SCRATCH);
  for (const name of FILES.filter((each) => Object.hasOwn(files, each))) {
    fs.writeFileSync(path.join(SCRATCH, name), Buffer.from(files[name], 'base64'));
  }
  const { model } = await loadModel(SCRATCH);
  const facts = modelFacts(model) as unknown as Plain;
  try {
    const { count, shape, scale, pixels } = pictures;
    const x = tf.tidy(() => tf.tensor(new Uint8Array(Buffer.from(pixels, 'base64')), [count, ...shape], 'float32').mul(scale));
    const { data, shape: answered } = predict(model, x);
    const values = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
    return { examined: 'facts', facts, predictions: { shape: answered, values } };
  } catch (error) {
    return { examined: 'facts', facts, predictions: { error: (error as Error).message.slice(0, 1000) } };
  }
}

void serve(async (text) => await examine(decode(text) as unknown as Examination) as unknown as Plain);
