import { Graph, GraphDefinition, GraphFunction, attribute } from '../../tensorflow/graph';
import { tf } from '../../tensorflow';
import { placementOf } from './geometry';
import { pixelBytes, type PictureOptions } from './options';

/**
 * One TensorFlow graph that decodes and resizes many pictures on all cores: plain JPEG and PNG (see `Header.isPlain`) from the bytes of
 * their files, all others from what the reference decoder has made of them. Every picture is resized here, with one filter: a triangle,
 * as wide as the reduction (the "bilinear, antialiased" of Pillow, torchvision and tf.image).
 *
 * JPEGs are decoded at an eighth, a quarter or half of their size where that is still at least the size that is wanted.
 */

export interface GraphPicture {
  /** The file, or for `RAW` the numbers of the pixels: as many a pixel as the result has. */
  readonly content: Buffer;
  readonly kind: 'JPEG' | 'PNG' | 'RAW';
  /** Of what `content` holds. */
  readonly width: number;
  readonly height: number;
  /** Width and height of the picture itself, which decides where it is placed. */
  readonly size: readonly [number, number];
}

const RATIOS = [8, 4, 2, 1] as const;

type Kind = 'RAW' | 'PNG' | `JPEG_${(typeof RATIOS)[number]}`;

const KINDS: readonly Kind[] = ['RAW', 'PNG', 'JPEG_8', 'JPEG_4', 'JPEG_2', 'JPEG_1'];

/** Graphs by the sizes that are built into them. */
const graphs = new Map<string, Graph>();

/**
 * Decodes and resizes pictures.
 *
 * @returns the pixels `[n, height, width]` or `[n, height, width, 3]`
 * @throws Error if one of them cannot be decoded, whichever
 */
export function decodeAndResize(pictures: readonly GraphPicture[], options: PictureOptions): Uint8Array {
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

function kindOf({ kind, width, height }: GraphPicture, { size: [targetHeight, targetWidth], resize }: PictureOptions): Kind {
  if (kind !== 'JPEG') return kind;
  const placed = placementOf([width, height], [targetWidth, targetHeight], resize);
  const ratio = RATIOS.find((ratio) => Math.ceil(width / ratio) >= placed.width && Math.ceil(height / ratio) >= placed.height);
  return `JPEG_${ratio ?? 1}`;
}

const ratioOf = (kind: Kind): number => (kind.startsWith('JPEG') ? Number(kind.slice(5)) : 1);

function run(kind: Kind, pictures: readonly GraphPicture[], options: PictureOptions): Uint8Array {
  const { size: [targetHeight, targetWidth], color, resize } = options;
  // The pixels leave the graph four by four as an int32, so a few pictures may have to be decoded once more to fill the last.
  const bytesEach = pixelBytes(options);
  const padded = [...pictures];
  while ((padded.length * bytesEach) % 4 !== 0) padded.push(pictures[0]);

  const scale = new Float32Array(padded.length * 2);
  const translation = new Float32Array(padded.length * 2);
  const ratio = ratioOf(kind);
  padded.forEach(({ width, height, size }, i) => {
    const placed = placementOf(size, [targetWidth, targetHeight], resize);
    // A decoder at a quarter makes 50 columns of 199, and the last stands for less than the others.
    scale[2 * i] = (placed.height * ratio) / height;
    scale[2 * i + 1] = (placed.width * ratio) / width;
    translation[2 * i] = placed.top;
    translation[2 * i + 1] = placed.left;
  });
  const inputs: Record<string, tf.Tensor> = {
    contents: tf.tensor(padded.map(({ content }) => content), [padded.length], 'string'),
    scale: tf.tensor2d(scale, [padded.length, 2]),
    translation: tf.tensor2d(translation, [padded.length, 2]),
  };
  if (kind === 'RAW') {
    const shapes = Int32Array.from(padded.flatMap(({ width, height }) => [height, width, color === 'grey' ? 1 : 3]));
    inputs.shape = tf.tensor2d(shapes, [padded.length, 3], 'int32');
  }
  let output: tf.Tensor | undefined;
  try {
    [output] = graphFor(options).run(inputs, [kind]);
    const values = output.dataSync() as Int32Array;
    return new Uint8Array(values.buffer, values.byteOffset, pictures.length * bytesEach);
  } finally {
    tf.dispose([...Object.values(inputs), ...(output ? [output] : [])]);
  }
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
  const contents = definition.placeholder('contents', 'string', [-1]);
  const scale = definition.placeholder('scale', 'float32', [-1, 2]);
  const translation = definition.placeholder('translation', 'float32', [-1, 2]);
  const shape = definition.placeholder('shape', 'int32', [-1, 3]);
  const fours = definition.constant(Int32Array.of(-1, 4), [2]);
  for (const kind of KINDS) {
    const pictures = definition.add('MapDefun', kind === 'RAW' ? [contents, scale, translation, shape] : [contents, scale, translation], {
      Targuments: attribute.types(['string', 'float32', 'float32', ...(kind === 'RAW' ? ['int32'] as const : [])]),
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

/** From the content of one picture to the pixels of the size that is wanted. */
function pictureFunction(kind: Kind, height: number, width: number, channels: number): GraphFunction {
  const inputs = { content: 'string', scale: 'float32', translation: 'float32' } as const;
  const body = new GraphFunction(`decode_${kind}`, kind === 'RAW' ? { ...inputs, shape: 'int32' } : inputs, { pixels: 'uint8' });
  const axis = body.constant(Int32Array.of(0), []);
  const batch = body.add('ExpandDims', [decoded(body, kind, channels), `${axis}:output:0`], { T: attribute.type('uint8'), Tdim: attribute.type('int32') });
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

function decoded(body: GraphFunction, kind: Kind, channels: number): string {
  if (kind === 'RAW') {
    const numbers = body.add('DecodeRaw', ['content'], { out_type: attribute.type('uint8'), little_endian: attribute.bool(true) });
    return `${body.add('Reshape', [`${numbers}:output:0`, 'shape'], { T: attribute.type('uint8'), Tshape: attribute.type('int32') })}:output:0`;
  }
  if (kind === 'PNG') {
    return `${body.add('DecodePng', ['content'], { channels: attribute.int(channels), dtype: attribute.type('uint8') })}:image:0`;
  }
  return `${body.add('DecodeJpeg', ['content'], {
    channels: attribute.int(channels),
    ratio: attribute.int(ratioOf(kind)),
    fancy_upscaling: attribute.bool(true),
    try_recover_truncated: attribute.bool(false),
    acceptable_fraction: attribute.float(1),
    dct_method: attribute.string('INTEGER_ACCURATE'),
  })}:image:0`;
}
