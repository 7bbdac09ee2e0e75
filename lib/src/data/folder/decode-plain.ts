import { Graph, GraphDefinition, GraphFunction, attribute } from '../../tensorflow/graph';
import { tf } from '../../tensorflow';
import type { Header } from './formats';
import { placementOf } from './geometry';
import { pixelBytes, type PictureOptions } from './options';

/**
 * The fast decoder, for plain JPEG and PNG (see `Header.isPlain`): one TensorFlow graph decodes and resizes many pictures on all cores.
 * JPEGs are decoded at an eighth, a quarter or half of their size where that is still at least the size that is wanted; what remains
 * is scaled with the same filter (triangle, as wide as the reduction) as in the reference decoder.
 */

export interface PlainPicture {
  readonly bytes: Buffer;
  readonly format: 'JPEG' | 'PNG';
  readonly header: Header;
}

const RATIOS = [8, 4, 2, 1] as const;

type Kind = 'PNG' | `JPEG_${(typeof RATIOS)[number]}`;

/** Graphs by the sizes that are built into them. */
const graphs = new Map<string, Graph>();

/**
 * Decodes and resizes pictures of one call each way of decoding.
 *
 * @returns the pixels `[n, height, width]` or `[n, height, width, 3]`
 * @throws Error if one of them cannot be decoded, whichever
 */
export function decodePlain(pictures: readonly PlainPicture[], options: PictureOptions): Uint8Array {
  const size = pixelBytes(options);
  const pixels = new Uint8Array(pictures.length * size);
  const groups = new Map<Kind, number[]>();
  pictures.forEach((picture, i) => {
    const kind = kindOf(picture, options);
    const group = groups.get(kind);
    if (group) group.push(i);
    else groups.set(kind, [i]);
  });
  for (const [kind, indices] of groups) {
    const decoded = run(kind, indices.map((i) => pictures[i]), options);
    indices.forEach((index, i) => pixels.set(decoded.subarray(i * size, (i + 1) * size), index * size));
  }
  return pixels;
}

function kindOf({ format, header }: PlainPicture, { size: [height, width], resize }: PictureOptions): Kind {
  if (format === 'PNG') return 'PNG';
  const placed = placementOf([header.width, header.height], [width, height], resize);
  const enough = (ratio: number): boolean => Math.ceil(header.width / ratio) >= placed.width && Math.ceil(header.height / ratio) >= placed.height;
  return `JPEG_${RATIOS.find((ratio) => ratio === 1 || enough(ratio)) ?? 1}`;
}

const ratioOf = (kind: Kind): number => (kind === 'PNG' ? 1 : Number(kind.slice(5)));

function run(kind: Kind, pictures: readonly PlainPicture[], options: PictureOptions): Uint8Array {
  const { size: [height, width], resize } = options;
  // The pixels leave the graph four by four as an int32, so a few pictures may have to be decoded once more to fill the last.
  const size = pixelBytes(options);
  const padded = [...pictures];
  while ((padded.length * size) % 4 !== 0) padded.push(pictures[0]);

  const scale = new Float32Array(padded.length * 2);
  const translation = new Float32Array(padded.length * 2);
  padded.forEach(({ header }, i) => {
    const placed = placementOf([header.width, header.height], [width, height], resize);
    scale.set([placed.height / Math.ceil(header.height / ratioOf(kind)), placed.width / Math.ceil(header.width / ratioOf(kind))], i * 2);
    translation.set([placed.top, placed.left], i * 2);
  });
  const graph = graphFor(options);
  const pixels = tf.tidy(() => {
    const inputs = {
      files: tf.tensor(padded.map(({ bytes }) => bytes), [padded.length], 'string'),
      scale: tf.tensor2d(scale, [padded.length, 2]),
      translation: tf.tensor2d(translation, [padded.length, 2]),
    };
    return graph.run(inputs, [kind])[0].dataSync() as Int32Array;
  });
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pictures.length * size);
}

function graphFor(options: PictureOptions): Graph {
  const key = `${options.size} ${options.color}`;
  let graph = graphs.get(key);
  if (!graph) graphs.set(key, graph = defineGraph(options).load());
  return graph;
}

function defineGraph({ size: [height, width], color }: PictureOptions): GraphDefinition {
  const channels = color === 'grey' ? 1 : 3;
  const definition = new GraphDefinition();
  const inputs = [
    definition.placeholder('files', 'string', [-1]),
    definition.placeholder('scale', 'float32', [-1, 2]),
    definition.placeholder('translation', 'float32', [-1, 2]),
  ];
  const fours = definition.constant(Int32Array.of(-1, 4), [2]);
  for (const kind of ['PNG', ...RATIOS.map((ratio) => `JPEG_${ratio}` as const)] as const) {
    const pictures = definition.add('MapDefun', inputs, {
      Targuments: attribute.types(['string', 'float32', 'float32']),
      Tcaptured: attribute.types([]),
      output_types: attribute.types(['uint8']),
      output_shapes: attribute.shapes([[1, height, width, channels]]),
      f: attribute.function(definition.addFunction(pictureFunction(kind, height, width, channels))),
      // One core a picture: there are enough pictures.
      max_intra_op_parallelism: attribute.int(1),
    });
    const rows = definition.add('Reshape', [pictures, fours], { T: attribute.type('uint8'), Tshape: attribute.type('int32') });
    // tfjs-node cannot read uint8 tensors.
    definition.add('Bitcast', [rows], { T: attribute.type('uint8'), type: attribute.type('int32') }, kind);
  }
  return definition;
}

/** From the bytes of a file to the pixels of the size that is wanted. */
function pictureFunction(kind: Kind, height: number, width: number, channels: number): GraphFunction {
  const body = new GraphFunction(`decode_${kind}`, { file: 'string', scale: 'float32', translation: 'float32' }, { pixels: 'uint8' });
  const decoded = kind === 'PNG'
    ? body.add('DecodePng', ['file'], { channels: attribute.int(channels), dtype: attribute.type('uint8') })
    : body.add('DecodeJpeg', ['file'], {
      channels: attribute.int(channels),
      ratio: attribute.int(ratioOf(kind)),
      fancy_upscaling: attribute.bool(true),
      try_recover_truncated: attribute.bool(false),
      acceptable_fraction: attribute.float(1),
      dct_method: attribute.string(''),
    });
  const axis = body.constant(Int32Array.of(0), []);
  const batch = body.add('ExpandDims', [`${decoded}:image:0`, `${axis}:output:0`], { T: attribute.type('uint8'), Tdim: attribute.type('int32') });
  const target = body.constant(Int32Array.of(height, width), [2]);
  const scaled = body.add('ScaleAndTranslate', [`${batch}:output:0`, `${target}:output:0`, 'scale', 'translation'], {
    T: attribute.type('uint8'),
    kernel_type: attribute.string('triangle'),
    antialias: attribute.bool(true),
  });
  // Cast cuts off what is behind the point.
  const half = body.constant(Float32Array.of(0.5), []);
  const rounded = body.add('AddV2', [`${scaled}:resized_images:0`, `${half}:output:0`], { T: attribute.type('float32') });
  const pixels = body.add('Cast', [`${rounded}:z:0`], {
    SrcT: attribute.type('float32'),
    DstT: attribute.type('uint8'),
    Truncate: attribute.bool(false),
  });
  return body.returns({ pixels: `${pixels}:y:0` });
}
