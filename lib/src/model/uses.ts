import type { tf } from '../tensorflow';

type SizedShape = (number | null)[];

/** One place in a model where a layer is used. */
export interface Use {
  readonly inputShapes: readonly SizedShape[];
  readonly outputShape: SizedShape;
  /** Whether a layer before it is trained: then the backward pass goes through this one. */
  readonly hasTrainedBefore: boolean;
}

/** A layer of a model with all places where the model uses it. */
export interface UsedLayer {
  readonly layer: tf.layers.Layer;
  readonly uses: readonly Use[];
}

/**
 * The layers of a model in their order, each with its uses in this model: a shared layer has several, and a layer may have others in
 * other models, which do not count here.
 *
 * @param isInputTrained whether something before the model is trained, for a model within a model
 */
export function usedLayers(model: tf.LayersModel, isInputTrained = false): UsedLayer[] {
  const uses = new Map<tf.layers.Layer, Use[]>();
  const trained = new Map<tf.SymbolicTensor, boolean>(model.inputs.map((input) => [input, isInputTrained]));

  /** Follows a tensor back to the inputs, so that uses are found in the order of the computation. */
  const follow = (tensor: tf.SymbolicTensor): boolean => {
    const known = trained.get(tensor);
    if (known !== undefined) return known;
    const layer = tensor.sourceLayer;
    const node = layer.inboundNodes[tensor.nodeIndex];
    const before = node.inputTensors.map(follow);
    const hasTrainedBefore = before.includes(true);
    const isTrained = hasTrainedBefore || layer.trainableWeights.length > 0;
    for (const output of node.outputTensors) trained.set(output, isTrained);
    uses.set(layer, [
      ...(uses.get(layer) ?? []),
      { inputShapes: node.inputTensors.map(({ shape }) => shape), outputShape: node.outputTensors[0].shape, hasTrainedBefore },
    ]);
    return isTrained;
  };
  model.outputs.forEach(follow);

  return model.layers.map((layer) => ({ layer, uses: uses.get(layer) ?? [inputUse(layer)] }));
}

/** An input is where following ends; it is used once, by the data. */
function inputUse(layer: tf.layers.Layer): Use {
  const output = layer.getOutputAt(0);
  const { shape } = Array.isArray(output) ? output[0] : output;
  return { inputShapes: [shape], outputShape: shape, hasTrainedBefore: false };
}
