import { connections, type LayerUse } from '../model/connections';
import { tf } from '../tensorflow';
import { CannotCompile } from './cannot-compile';
import { layers, type LayerConfig, type Pass } from './layers';
import { penalty } from './operations';
import type { Value } from './values';

/**
 * Writes the way from the input of a model to its output. Models within the model are gone into; a layer that is used
 * in several places shares its weights.
 *
 * @throws CannotCompile with the first layer or setting that is unknown
 */
export function writeNetwork(pass: Pass, model: tf.LayersModel, input: Value): Value {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new CannotCompile(`a model with ${model.inputs.length} inputs and ${model.outputs.length} outputs`);
  }
  const values = new Map<LayerUse, Value>();
  let output = input;
  for (const use of connections(model)) {
    const inputs = use.from.map((before) => values.get(before)!);
    values.set(use, (output = writeLayer(pass, use.layer, inputs.length === 0 ? [input] : inputs)));
  }
  return output;
}

function writeLayer(pass: Pass, layer: tf.layers.Layer, inputs: readonly Value[]): Value {
  if (layer instanceof tf.LayersModel) return writeNetwork(pass, layer, inputs[0]);
  const className = layer.getClassName();
  if (className === 'InputLayer') return inputs[0];
  const rule = Object.hasOwn(layers, className) ? layers[className] : undefined;
  if (!rule) throw new CannotCompile(`the layer ${layer.name} (${className})`);
  return rule({ layer, config: layer.getConfig() as LayerConfig, inputs, pass, t: pass.tape });
}

/** The layers of a model, those of models within it included; each once. */
export function layersWithin(model: tf.LayersModel): tf.layers.Layer[] {
  const within = model.layers.flatMap((layer) => (layer instanceof tf.LayersModel ? layersWithin(layer) : [layer]));
  return [...new Set(within)];
}

/** Those of them that are frozen (`trainable = false`), each by itself or with the model that it is in. */
export function frozenLayers(model: tf.LayersModel, isFrozen = false): tf.layers.Layer[] {
  const within = isFrozen || !model.trainable;
  return model.layers.flatMap((layer) => {
    if (layer instanceof tf.LayersModel) return frozenLayers(layer, within);
    return within || !layer.trainable ? [layer] : [];
  });
}

/** Names of weights, and the setting that holds what they cost by themselves. */
const REGULARIZERS = {
  kernel: 'kernelRegularizer',
  bias: 'biasRegularizer',
  depthwise_kernel: 'depthwiseRegularizer',
  pointwise_kernel: 'pointwiseRegularizer',
  gamma: 'gammaRegularizer',
  beta: 'betaRegularizer',
} as const;

/** What the weights of a model cost by themselves, a number for each weight that has a regularizer. */
export function writePenalties(pass: Pass, model: tf.LayersModel): Value[] {
  return layersWithin(model).flatMap((layer) => {
    const config = layer.getConfig() as LayerConfig;
    return Object.entries(REGULARIZERS).flatMap(([name, setting]) => {
      const weight = config[setting] ? pass.weight(layer, name) : undefined;
      return weight ? [penalty(pass.tape, weight, l1l2(layer, config[setting]))] : [];
    });
  });
}

function l1l2(layer: tf.layers.Layer, regularizer: unknown): { l1: number; l2: number } {
  const { className, config } = regularizer as { className: string; config: { l1?: number; l2?: number } };
  if (className !== 'L1L2') throw new CannotCompile(`the regularizer ${className} of the layer ${layer.name}`);
  return { l1: config.l1 ?? 0, l2: config.l2 ?? 0 };
}
