import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CompiledTraining } from '../../../lib/src/engine/compiled-training';
import { layers as table, REQUIRED, type LayerRule } from '../../../lib/src/engine/layers';
import type { Tape } from '../../../lib/src/engine/tape';
import type { Value } from '../../../lib/src/engine/values';
import { checkGradients } from './finite-differences';
import { makeCase, ofTwo, type LayerCase } from './layer-cases';
import { expectSameAsFit } from './same-as-fit';

/** The page that explains the engine: its code runs, its numbers are right, and what it names exists. */

const { layers } = tf;
const engine = path.resolve(__dirname, '../../../lib/src/engine');
const page = readFileSync(path.join(engine, 'README.md'), 'utf8');

let tensors = 0;
beforeAll(() => void (tensors = tf.memory().numTensors));
afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

// The page's code, as it stands there.

/** Two values number by number; the slope of each is the other. */
export function product(t: Tape, a: Value, b: Value): Value {
  return t.record(t.multiply(a, b), [
    [a, (gradient) => t.multiply(gradient, b)],
    [b, (gradient) => t.multiply(gradient, a)],
  ]);
}

const added: Record<string, LayerRule> = {
  Multiply: ({ t, inputs, layer }) => {
    if (inputs.some(({ shape }) => `${shape}` !== `${inputs[0].shape}`)) throw REQUIRED(layer, 'inputs of several shapes');
    return inputs.reduce((a, b) => product(t, a, b));
  },
};

const addedCases: Record<string, Record<string, LayerCase>> = {
  Multiply: {
    'of three': ofTwo(([a, b]) => layers.multiply().apply([b, a, b]) as tf.SymbolicTensor),
  },
};

/** Without indents. */
const flat = (code: string): string => code.split('\n').map((line) => line.trim()).filter(Boolean).join('\n');

describe('the page of the engine', () => {
  it('shows the code that is run here', () => {
    const blocks = [...page.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => flat(code));
    expect(blocks).toHaveLength(3);
    const here = flat(readFileSync(__filename, 'utf8'));
    for (const block of blocks) expect(here).toContain(block);
  });

  describe('adds a layer that', () => {
    const writable = table as Record<string, LayerRule>;
    const multiply = addedCases.Multiply['of three'];
    beforeAll(() => void Object.assign(writable, added));
    afterAll(() => void delete writable.Multiply);

    it('is not in the table', () => {
      expect(readFileSync(path.join(engine, 'layers.ts'), 'utf8')).not.toMatch(/^ +Multiply:/m);
    });
    it('has the right gradient', () => {
      const { model, data } = makeCase(multiply);
      checkGradients('Multiply', model, data, 'meanSquaredError');
    });
    it('does what model.fit does', () => expectSameAsFit(multiply));
    it('refuses what it does not know, by name', () => {
      const { model, data } = makeCase(
        ofTwo(([a, b]) => layers.multiply({ name: 'gate' }).apply([a, layers.dense({ units: 1 }).apply(b) as tf.SymbolicTensor]) as tf.SymbolicTensor),
      );
      const optimizer = tf.train.sgd(0.1);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      expect(() => CompiledTraining.begin(model, data)).toThrow('the inputs of several shapes of the layer gate (Multiply)');
      optimizer.dispose();
      model.dispose();
      tf.dispose([data.x, data.y]);
    });
  });

  it('has the right numbers in the example of the tape', () => {
    const model = tf.sequential({ layers: [layers.dense({ units: 1, activation: 'relu', inputShape: [2] })] });
    tf.tidy(() => model.setWeights([tf.tensor2d([[0.5], [0.25]]), tf.tensor1d([0.5])]));
    const optimizer = tf.train.sgd(1);
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const data = { x: tf.tensor2d([[1, 2]]), y: tf.tensor2d([[1]]) };
    const training = CompiledTraining.begin(model, data);
    const [[loss]] = training.learn(data, [Int32Array.of(0)], 1);
    training.end();
    const [w, b] = model.getWeights().map((weight) => [...weight.dataSync()]);
    expect({ loss, w, b }).toEqual({ loss: 0.25, w: [0.5 - 1, 0.25 - 2], b: [0.5 - 1] });
    expect(page).toContain('`x = [1, 2]`, `w = [0.5, 0.25]`, `b = 0.5` and the target 1');
    for (const row of [/`w`: \[1, 2\] \|/, /`b`: 1 \|/, /\| 0\.25 \|/]) expect(page).toMatch(row);
    optimizer.dispose();
    model.dispose();
    tf.dispose([data.x, data.y]);
  });

  it('names nothing that does not exist', () => {
    const folders = [engine, path.join(engine, '../tensorflow'), path.join(engine, '../training')];
    const sources = folders.flatMap((folder) =>
      readdirSync(folder).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(path.join(folder, name), 'utf8')),
    ).join('\n');
    const named = [...page.replace(/```[^]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, name]) => name);
    const files = named.filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(10);
    const places = [engine, __dirname, path.resolve(__dirname, '../../..')];
    expect(files.filter((name) => !places.some((place) => existsSync(path.join(place, name))))).toEqual([]);
    // All files of the folder are in the page's table.
    expect(readdirSync(engine).filter((name) => name.endsWith('.ts') && !named.includes(name))).toEqual([]);
    // A name alone or a call; formulas are left out, and so is what belongs to tfjs or to the example.
    const others = ['model.fit', 'getWeights', 'predict', 'save', 'Multiply', 'evaluate', 'fit'];
    const names = named.flatMap((text) => /^([A-Za-z]\w*(?:\.\w+)?)(?:\(.*\))?$/.exec(text)?.[1] ?? []).filter((name) => name.length > 1 && !others.includes(name));
    expect(names.length).toBeGreaterThan(20);
    const missing = names.filter((name) => !name.split('.').every((part) => new RegExp(`\\b${part}\\b`).test(sources) || files.includes(name)));
    expect(missing).toEqual([]);
  });
});
