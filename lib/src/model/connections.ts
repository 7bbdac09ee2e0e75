import type { tf } from '../tensorflow';

/** One place in a model where a layer is used; a shared layer has several. */
export interface LayerUse {
  readonly layer: tf.layers.Layer;
  /** Counted from 1 in the order of the computation. */
  readonly use: number;
  /** Where its inputs come from; none for an input of the model. */
  readonly from: readonly LayerUse[];
  /** Counted from the inputs, 0: each use is in the last row before the first one that needs it. */
  readonly row: number;
  readonly outputShape: readonly (number | null)[];
}

/**
 * What is connected with what: each use of a layer on the way from the inputs of a model to its outputs, in the order
 * of the computation. A model within the model is one layer, unless tfjs has taken it apart, as it does at the
 * beginning of a sequential model.
 */
export function connections(model: tf.LayersModel): LayerUse[] {
  const uses: { -readonly [key in keyof LayerUse]: LayerUse[key] }[] = [];
  const known = new Map<string, LayerUse>();
  const counts = new Map<tf.layers.Layer, number>();
  const follow = ({ sourceLayer: layer, nodeIndex, shape }: tf.SymbolicTensor): LayerUse => {
    const key = `${layer.id} ${nodeIndex}`;
    const before = known.get(key);
    if (before) return before;
    // The node of an input has the input itself as its input.
    const from = layer.getClassName() === 'InputLayer' ? [] : layer.inboundNodes[nodeIndex].inputTensors.map(follow);
    const use = (counts.get(layer) ?? 0) + 1;
    counts.set(layer, use);
    const made = { layer, use, from, row: 0, outputShape: shape };
    known.set(key, made);
    uses.push(made);
    return made;
  };
  model.outputs.forEach(follow);

  // From the outputs upwards: the longest way down from each.
  const heights = new Map<LayerUse, number>();
  for (const use of [...uses].reverse()) {
    const height = heights.get(use) ?? 0;
    for (const before of use.from) heights.set(before, Math.max(heights.get(before) ?? 0, height + 1));
  }
  const highest = Math.max(0, ...heights.values());
  for (const use of uses) use.row = highest - (heights.get(use) ?? 0);
  return uses;
}
