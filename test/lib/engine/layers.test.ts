import { tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layers as table } from '../../../lib/src/engine/layers';
import { layerCases } from './layer-cases';
import { expectSameAsFit } from './same-as-fit';

let tensors = 0;
beforeAll(() => void (tensors = tf.memory().numTensors));
afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

describe('a compiled step does what model.fit does, and measures what evaluate does, with the layer', () => {
  // The table itself is the list: a layer without a case fails.
  it.each(Object.keys(table))('%s', async (name) => {
    const comparable = Object.values(layerCases[name] ?? {}).filter(({ isRandom }) => !isRandom);
    expect(comparable.length, `cases for ${name} in layer-cases.ts`).toBeGreaterThan(0);
    for (const given of comparable) await expectSameAsFit(given);
  });
});
