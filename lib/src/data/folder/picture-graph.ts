import { Graph, GraphDefinition, GraphFunction, attribute } from '../../tensorflow/graph';
import { tf } from '../../tensorflow';
import { placementOf, type Placement } from './geometry';
import { pixelBytes, type PictureOptions } from './options';

/**
 * One TensorFlow graph that decodes and resizes many pictures on all cores: plain JPEG and PNG (see `Header.isPlain`)
 * from the bytes of their files, all others from what the reference decoder has made of them.
 *
 * JPEGs are decoded at an eighth, a quarter or half of their size where that is still at least the size that is wanted.
 * Every picture is then resized with a triangle as wide as the reduction (the "bilinear, antialiased" of Pillow,
 * torchvision and tf.image), but for one case: where a JPEG that was decoded smaller has less than half to go, and
 * fills the result, the four nearest pixels are interpolated ("bilinear"), in a tenth of the time. Each of its pixels
 * is already the mean of several; of real pictures' 256 levels the results differ by one on average.
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

/** What the graph can do with a content; it is told the index. */
const KINDS = ['RAW', 'PNG', ...RATIOS.map((ratio) => `JPEG_${ratio}` as const)] as const;
type Kind = (typeof KINDS)[number];

/** How the graph can resize; it is told the index. */
const FILTERS = ['TRIANGLE', 'BILINEAR'] as const;
type Filter = (typeof FILTERS)[number];

const PIXELS = 'pixels';

/** Graphs by the sizes that are built into them. */
const graphs = new Map<string, Graph>();

/**
 * Decodes and resizes pictures.
 *
 * @returns the pixels `[n, height, width]` or `[n, height, width, 3]`
 * @throws Error if one of them cannot be decoded, whichever
 */
export function decodeAndResize(pictures: readonly GraphPicture[], options: PictureOptions): Uint8Array {
  const {
    size: [targetHeight, targetWidth],
    color,
    resize,
  } = options;
  // The pixels leave the graph four by four as an int32, so a few pictures may have to be decoded once more to fill the
  // last.
  const bytesEach = pixelBytes(options);
  const padded = [...pictures];
  while ((padded.length * bytesEach) % 4 !== 0) padded.push(pictures[0]);

  const kinds = new Int32Array(padded.length);
  const filters = new Int32Array(padded.length);
  const shapes = new Int32Array(padded.length * 3);
  const scale = new Float32Array(padded.length * 2);
  const translation = new Float32Array(padded.length * 2);
  padded.forEach(({ kind, width, height, size }, i) => {
    const placed = placementOf(size, [targetWidth, targetHeight], resize);
    const ratio = kind === 'JPEG' ? ratioFor(width, height, placed) : 1;
    kinds[i] = KINDS.indexOf(kind === 'JPEG' ? `JPEG_${ratio}` : kind);
    filters[i] = FILTERS.indexOf(
      ratio > 1 && isNear(width / ratio, targetWidth, placed.width) && isNear(height / ratio, targetHeight, placed.height)
        ? 'BILINEAR'
        : 'TRIANGLE',
    );
    shapes[3 * i] = height;
    shapes[3 * i + 1] = width;
    shapes[3 * i + 2] = color === 'grey' ? 1 : 3;
    // A decoder at a quarter makes 50 columns of 199, and the last stands for less than the others.
    scale[2 * i] = (placed.height * ratio) / height;
    scale[2 * i + 1] = (placed.width * ratio) / width;
    translation[2 * i] = placed.top;
    translation[2 * i + 1] = placed.left;
  });
  const inputs = {
    contents: tf.tensor(
      padded.map(({ content }) => content),
      [padded.length],
      'string',
    ),
    kinds: tf.tensor1d(kinds, 'int32'),
    filters: tf.tensor1d(filters, 'int32'),
    shapes: tf.tensor2d(shapes, [padded.length, 3], 'int32'),
    scale: tf.tensor2d(scale, [padded.length, 2]),
    translation: tf.tensor2d(translation, [padded.length, 2]),
  };
  let output: tf.Tensor | undefined;
  try {
    [output] = graphFor(options).run(inputs, [PIXELS]);
    const values = output.dataSync() as Int32Array;
    return new Uint8Array(values.buffer, values.byteOffset, pictures.length * bytesEach);
  } finally {
    tf.dispose([...Object.values(inputs), ...(output ? [output] : [])]);
  }
}

/** The greatest reduction that leaves a picture at least as large as it is wanted. */
const ratioFor = (width: number, height: number, placed: Placement): (typeof RATIOS)[number] =>
  RATIOS.find((ratio) => Math.ceil(width / ratio) >= placed.width && Math.ceil(height / ratio) >= placed.height) ?? 1;

/** Whether one side of a decoded picture fills the result, and has less than half to go. */
const isNear = (decoded: number, target: number, placed: number): boolean => placed === target && decoded < 2 * placed;

function graphFor(options: PictureOptions): Graph {
  const key = `${options.size} ${options.color}`;
  let graph = graphs.get(key);
  if (!graph) graphs.set(key, (graph = defineGraph(options).load()));
  return graph;
}

function defineGraph({ size: [height, width], color }: PictureOptions): GraphDefinition {
  const channels = color === 'grey' ? 1 : 3;
  const definition = new GraphDefinition();
  const inputs = [
    definition.placeholder('contents', 'string', [-1]),
    definition.placeholder('kinds', 'int32', [-1]),
    definition.placeholder('filters', 'int32', [-1]),
    definition.placeholder('shapes', 'int32', [-1, 3]),
    definition.placeholder('scale', 'float32', [-1, 2]),
    definition.placeholder('translation', 'float32', [-1, 2]),
  ];
  const decoders = KINDS.map((kind) => definition.addFunction(decoder(kind, channels)));
  const resizers = FILTERS.map((filter) => definition.addFunction(resizer(filter, height, width)));
  const pictures = definition.add('MapDefun', inputs, {
    Targuments: attribute.types(['string', 'int32', 'int32', 'int32', 'float32', 'float32']),
    Tcaptured: attribute.types([]),
    output_types: attribute.types(['uint8']),
    output_shapes: attribute.shapes([[1, height, width, channels]]),
    f: attribute.function(definition.addFunction(decodeAndResizeOne(decoders, resizers))),
    // One core a picture: there are enough pictures.
    max_intra_op_parallelism: attribute.int(1),
  });
  // tfjs-node cannot read uint8 tensors.
  const fours = definition.constant(Int32Array.of(-1, 4), [2]);
  const rows = definition.add('Reshape', [pictures, fours], {
    T: attribute.type('uint8'),
    Tshape: attribute.type('int32'),
  });
  definition.add('Bitcast', [rows], { T: attribute.type('uint8'), type: attribute.type('int32') }, PIXELS);
  return definition;
}

/** From the content of one picture to the pixels of the size that is wanted. */
function decodeAndResizeOne(decoders: readonly string[], resizers: readonly string[]): GraphFunction {
  const inputs = {
    content: 'string',
    kind: 'int32',
    filter: 'int32',
    shape: 'int32',
    scale: 'float32',
    translation: 'float32',
  } as const;
  const body = new GraphFunction('decode_and_resize', inputs, { pixels: 'uint8' });
  const decoded = body.add('StatelessCase', ['kind', 'content', 'shape'], {
    Tin: attribute.types(['string', 'int32']),
    Tout: attribute.types(['uint8']),
    branches: attribute.functions(decoders),
    output_shapes: attribute.shapes([]),
  });
  const axis = body.constant(Int32Array.of(0), []);
  const batch = body.add('ExpandDims', [`${decoded}:output:0`, `${axis}:output:0`], {
    T: attribute.type('uint8'),
    Tdim: attribute.type('int32'),
  });
  const resized = body.add('StatelessCase', ['filter', `${batch}:output:0`, 'scale', 'translation'], {
    Tin: attribute.types(['uint8', 'float32', 'float32']),
    Tout: attribute.types(['float32']),
    branches: attribute.functions(resizers),
    output_shapes: attribute.shapes([]),
  });
  // Cast cuts off what is behind the point.
  const half = body.constant(Float32Array.of(0.5), []);
  const rounded = body.add('AddV2', [`${resized}:output:0`, `${half}:output:0`], { T: attribute.type('float32') });
  const bytes = body.add('Cast', [`${rounded}:z:0`], {
    SrcT: attribute.type('float32'),
    DstT: attribute.type('uint8'),
    Truncate: attribute.bool(false),
  });
  return body.returns({ pixels: `${bytes}:y:0` });
}

function resizer(filter: Filter, height: number, width: number): GraphFunction {
  const inputs = { batch: 'uint8', scale: 'float32', translation: 'float32' } as const;
  const body = new GraphFunction(`resize_${filter}`, inputs, { resized: 'float32' });
  const target = `${body.constant(Int32Array.of(height, width), [2])}:output:0`;
  const resized =
    filter === 'BILINEAR'
      ? body.add('ResizeBilinear', ['batch', target], {
          T: attribute.type('uint8'),
          align_corners: attribute.bool(false),
          half_pixel_centers: attribute.bool(true),
        })
      : body.add('ScaleAndTranslate', ['batch', target, 'scale', 'translation'], {
          T: attribute.type('uint8'),
          kernel_type: attribute.string('triangle'),
          antialias: attribute.bool(true),
        });
  return body.returns({ resized: `${resized}:resized_images:0` });
}

function decoder(kind: Kind, channels: number): GraphFunction {
  const body = new GraphFunction(`decode_${kind}`, { content: 'string', shape: 'int32' }, { image: 'uint8' });
  if (kind === 'RAW') {
    const numbers = body.add('DecodeRaw', ['content'], {
      out_type: attribute.type('uint8'),
      little_endian: attribute.bool(true),
    });
    const image = body.add('Reshape', [`${numbers}:output:0`, 'shape'], {
      T: attribute.type('uint8'),
      Tshape: attribute.type('int32'),
    });
    return body.returns({ image: `${image}:output:0` });
  }
  const image =
    kind === 'PNG'
      ? body.add('DecodePng', ['content'], { channels: attribute.int(channels), dtype: attribute.type('uint8') })
      : body.add('DecodeJpeg', ['content'], {
          channels: attribute.int(channels),
          ratio: attribute.int(Number(kind.slice('JPEG_'.length))),
          fancy_upscaling: attribute.bool(true),
          try_recover_truncated: attribute.bool(false),
          acceptable_fraction: attribute.float(1),
          dct_method: attribute.string('INTEGER_ACCURATE'),
        });
  return body.returns({ image: `${image}:image:0` });
}
