// @ts-check

const { arrayOf } = require('../../arrays');
const { networkOf, valueOf } = require('../../inspection/network');
const { asProbabilities } = require('../../inspection/probabilities');
const { tf } = require('../../tensorflow');
const { inputOf, testPicture } = require('../in-page/prepare');

/** @import { PageFacts } from '../facts' */
/** @import { Network, LayerStep } from '../../inspection/network' */

/** A machine that computes with less precision than float32 answers something else by more than this. */
const TOLERANCE = 1e-3;

/**
 * What a layer makes of a picture.
 *
 * @typedef {object} LayerOutput
 * @property {LayerStep} step
 * @property {number[]} shape without the batch
 * @property {Float32Array} values
 */

/** The model, ready to answer. */
exports.PageModel = class PageModel {
  /** How far its answer is from that of the machine where the page was made. */
  deviation = Infinity;

  /**
   * @param {PageFacts} facts
   * @param {Network} network
   * @param {string} backend
   */
  constructor(facts, network, backend) {
    this.facts = facts;
    this.network = network;
    this.backend = backend;
  }

  /**
   * Loads the model: onto the graphics processor if that computes right, else onto the processor.
   *
   * @param {PageFacts} facts
   * @param {string} weights in base64
   */
  static async load(facts, weights) {
    const bytes = Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0));
    const { modelTopology, weightSpecs, preprocessing } = facts;
    /** @type {unknown} */
    let problem;
    for (const backend of hasWebGl() ? ['webgl', 'cpu'] : ['cpu']) {
      try {
        await tf.setBackend(backend);
        const artifacts = /** @type {any} */ ({ modelTopology, weightSpecs, weightData: bytes.buffer });
        const model = await tf.loadLayersModel({ load: async () => artifacts });
        const page = new PageModel(facts, networkOf('the page', model), backend);
        const { probabilities } = await page.answer(inputOf(testPicture(preprocessing), preprocessing));
        page.deviation = Math.max(...facts.expected.map((value, i) => Math.abs(value - probabilities[i])));
        if (page.deviation < TOLERANCE) return page;
        problem = new Error(`its answers differ by ${page.deviation} from those where the page was made`);
      } catch (error) {
        problem = error;
      }
    }
    throw problem;
  }

  /**
   * @param {Float32Array} input the numbers of one picture
   * @returns {Promise<{ probabilities: number[], layers: LayerOutput[] }>}
   */
  async answer(input) {
    const { network, facts } = this;
    const tensors = tf.tidy(() => {
      const known = new Map([[network.input, tf.tensor(input, [1, ...facts.inputShape])]]);
      valueOf(network.output, known);
      return network.steps.map((step) => /** @type {import('@tensorflow/tfjs-node').Tensor} */ (known.get(step)));
    });
    try {
      const values = await Promise.all(tensors.map((tensor) => tensor.data()));
      const layers = network.steps.map((step, i) =>
        ({ step, shape: tensors[i].shape.slice(1), values: Float32Array.from(values[i]) }));
      const output = layers[network.steps.indexOf(network.output)];
      const { data } = asProbabilities('the page', arrayOf(output.values, [1, output.values.length]));
      return { probabilities: Array.from(data), layers };
    } finally {
      tf.dispose(tensors);
    }
  }
};

function hasWebGl() {
  const canvas = document.createElement('canvas');
  return Boolean(canvas.getContext('webgl2') ?? canvas.getContext('webgl'));
}
