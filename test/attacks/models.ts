import type { Attack } from './attack';

const layer = (className: string, config: object): object => ({ class_name: className, config });
const sequential = (...layers: object[]): object => ({ class_name: 'Sequential', config: { name: 'forged', layers } });
const dense = (units: number, more: object = {}): object =>
  layer('Dense', { units, activation: 'softmax', name: `d${units}`, batch_input_shape: [null, 784], ...more });

/** A cell whose model says of itself what is given. */
const saying = (topology: object): string => `
  function buildHalf(): any {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
    (model as any).toJSON = () => (${JSON.stringify(topology)});
    return model;
  }`;

/** The files of a model with one weight, whose values are where they should not be. */
const saved = (weights: object, topology: object = sequential(dense(10))): Record<string, string> => ({
  'model.json': JSON.stringify({ format: 'layers-model', modelTopology: { model_config: topology },
    weightsManifest: [weights] }),
  'weights.bin': 'x'.repeat(1000),
});
const weight = (shape: number[], dtype = 'float32'): object => ({ name: 'd10/kernel', shape, dtype });

/** Models that are not what they say, built in a cell and handed in as files. Another sandbox looks at them. */
export const models: readonly Attack[] = [
  ...([
    ['a model of 10^12 neurons', saying(sequential(dense(1e12)))],
    ['a layer of no class', saying(sequential(layer('__proto__', {}), layer('constructor', {})))],
    ['polluted configuration',
      saying(JSON.parse(
        '{"class_name":"Sequential","config":{"__proto__":{"parameters":300000},"layers":[]}}') as object)],
    ['a model that is never built', 'const buildHalf = () => new Promise(() => {});'],
    ['facts instead of a model', `const buildHalf: any = () => ({ inputShapes: [[null, 784]], outputShapes: [[null,
      10]], parameters: 300000, layers: [], compiled: {} });`],
    ['a Proxy of a model', 'const buildHalf: any = () => new Proxy(tf.sequential(), { get: () => 300000 });'],
  ] as const).map(([name, cell]): Attack => ({
    name: `model: ${name}`, tries: `have ${name} examined`, on: '1.6', cell,
    outcome: ['failed', 'error', 'timeout', 'out of memory', 'crashed', 'killed'],
  })),
  ...([
    ['weights from another file', saved({ paths: ['../../proc/1/environ', '/etc/passwd'], weights: [weight([784,
      10])] })],
    ['weights of 4 TB', saved({ paths: ['weights.bin'], weights: [weight([1e6, 1e6])] })],
    ['weights of a negative shape', saved({ paths: ['weights.bin'], weights: [weight([-784, -10])] })],
    ['weights of a dtype that there is not', saved({ paths: ['weights.bin'], weights: [weight([784, 10],
      '__proto__')] })],
    ['no model at all', { 'model.json': 'x', 'weights.bin': '', 'optimizer.safetensors': '' }],
    ['nested a million deep', { 'model.json': '['.repeat(1e6), 'weights.bin': '' }],
    ['files with names of their own', { '../../course/grader/dist/guest/guest.js': 'x', '/etc/passwd': 'x' }],
  ] as const).map(([name, model]): Attack => ({
    name: `trained: ${name}`, tries: `have ${name} loaded`, on: '1.8', cell: '', model,
    outcome: ['failed'], tellsNot: /root:|SECRET/,
  })),
];
