import { tf } from '../tensorflow';

/** How AdamW trains; what is left out is as in Keras. */
export interface AdamWOptions {
  /** 0.001 if not said. */
  readonly learningRate?: number;
  /** Part of each weight that a step takes away, times the learning rate. 0.004 if not said. */
  readonly weightDecay?: number;
  /** Decay of the mean of gradients; 0.9 if not said. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients; 0.999 if not said. */
  readonly beta2?: number;
  /** Keeps the step finite where gradients are 0; 1e-7 if not said. */
  readonly epsilon?: number;
}

type Gradients = Parameters<tf.AdamOptimizer['applyGradients']>[0];

/**
 * Adam with decoupled weight decay. Each step first makes every variable that has a gradient smaller by `learningRate *
 * weightDecay` of itself (biases too, as Keras and PyTorch do), then takes Adam's step.
 *
 * Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, https://arxiv.org/abs/1711.05101
 */
export class AdamW extends tf.AdamOptimizer {
  /** Known to no plain TensorFlow.js: `saveModel` therefore keeps the optimizer apart. */
  static override get className(): string {
    return 'AdamW';
  }

  /** A schedule may set it between batches. */
  declare learningRate: number;
  declare readonly beta1: number;
  declare readonly beta2: number;
  declare readonly epsilon: number;
  readonly weightDecay: number;

  constructor(options: AdamWOptions = {}) {
    const { learningRate = 0.001, weightDecay = 0.004, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
    checkRange('learningRate', learningRate, Infinity);
    checkRange('weightDecay', weightDecay, Infinity);
    checkRange('beta1', beta1, 1);
    checkRange('beta2', beta2, 1);
    checkRange('epsilon', epsilon, Infinity);
    super(learningRate, beta1, beta2, epsilon);
    this.weightDecay = weightDecay;
  }

  override applyGradients(gradients: Gradients): void {
    const named = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    tf.tidy(() => {
      for (const [name, gradient] of named) {
        // Null for a variable that the loss does not depend on.
        if (gradient == null) continue;
        const variable = tf.engine().registeredVariables[name];
        // Not `variable * (1 - rate)`: a small rate would lose digits beside the 1.
        variable.assign(variable.sub(variable.mul(this.learningRate * this.weightDecay)));
      }
    });
    super.applyGradients(gradients);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), weightDecay: this.weightDecay };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}
tf.serialization.registerClass(AdamW);

function checkRange(name: string, value: number, below: number): void {
  if (typeof value !== 'number' || !(value >= 0 && value < below)) {
    const range = below === Infinity ? 'a number of at least 0' : `a number from 0 to below ${below}`;
    throw new Error(`adamW: ${name} is ${String(value)}; expected ${range}.`);
  }
}

/**
 * AdamW: Adam that also makes all weights a little smaller at each step (weight decay), against over-fitting.
 *
 * @returns an optimizer for `model.compile`; whoever made it disposes it, after the model
 * @throws Error if a number is out of its range
 *
 * ```ts
 * model.compile({ optimizer: adamW({ weightDecay: 0.01 }), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
 * ```
 * Taught in 04_cats_and_dogs.
 */
export function adamW(options: AdamWOptions = {}): AdamW {
  return new AdamW(options);
}
