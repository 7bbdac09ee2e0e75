import { Graph, GraphDefinition, GraphFunction, attribute, type GraphType } from '../../tensorflow/graph';
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
 * fills the result, the four nearest pixels are interpolated ("bilinear"), in a third of the time. Each of its pixels
 * is already the mean of several: photos differ by two of the 256 levels on average.
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
type Ratio = (typeof RATIOS)[number];

/** How a picture is decoded and resized. */
interface Way {
  readonly kind: GraphPicture['kind'];
  readonly ratio: Ratio;
  readonly filter: 'triangle' | 'bilinear';
}

/** All that the graph can do; it is told the index. */
const WAYS: readonly Way[] = [
  { kind: 'RAW', ratio: 1, filter: 'triangle' },
  { kind: 'PNG', ratio: 1, filter: 'triangle' },
  ...RATIOS.flatMap((ratio): Way[] => [
    { kind: 'JPEG', ratio, filter: 'triangle' },
    ...(ratio > 1 ? [{ kind: 'JPEG', ratio, filter: 'bilinear' } as const] : []),
  ]),
];

/**
 * What the graph is told of a picture: its way, the height, width and channels of `content`, and its place. For the
 * triangle that is the scale and the upper left corner in the result; for interpolation, the box of the centres.
 */
const PLAN = 8;
const SHAPE = 1;
const PLACE = 4;

const PIXELS = 'pixels';

/** Graphs by the sizes that are built into them. */
const graphs = new Map<string, Graph>();

/**
 * Decodes and resizes pictures.
 *
 * @returns the pixels of each, `[height, width]` or `[height, width, 3]`
 * @throws Error if one of them cannot be decoded, whichever
 */
export function decodeAndResize(pictures: readonly GraphPicture[], options: PictureOptions): Uint8Array[] {
  const {
    size: [targetHeight, targetWidth],
    color,
    resize,
  } = options;
  const plans = new Float32Array(pictures.length * PLAN);
  pictures.forEach(({ kind, width, height, size }, i) => {
    const placed = placementOf(size, [targetWidth, targetHeight], resize);
    const ratio = kind === 'JPEG' ? ratioFor(width, height, placed) : 1;
    // A decoder at a quarter makes 50 columns of 199, and the last stands for less than the others.
    const vertical = height / ratio / placed.height;
    const horizontal = width / ratio / placed.width;
    const isFilled = placed.height === targetHeight && placed.width === targetWidth;
    const filter = ratio > 1 && isFilled && isNear(vertical) && isNear(horizontal) ? 'bilinear' : 'triangle';
    const way = WAYS.findIndex((way) => way.kind === kind && way.ratio === ratio && way.filter === filter);
    plans.set([way, height, width, color === 'grey' ? 1 : 3], PLAN * i);
    if (filter === 'triangle') {
      plans.set([1 / vertical, 1 / horizontal, placed.top, placed.left], PLAN * i + PLACE);
    } else {
      const [top, bottom] = centres(vertical, targetHeight, Math.ceil(height / ratio));
      const [left, right] = centres(horizontal, targetWidth, Math.ceil(width / ratio));
      plans.set([top, left, bottom, right], PLAN * i + PLACE);
    }
  });
  const contents = pictures.map(({ content }) => content);
  const inputs = {
    contents: tf.tensor(contents, [pictures.length], 'string'),
    plans: tf.tensor2d(plans, [pictures.length, PLAN]),
  };
  let output: tf.Tensor | undefined;
  try {
    [output] = graphFor(options).run(inputs, [PIXELS]);
    const values = output.dataSync() as Int32Array;
    const bytesEach = pixelBytes(options);
    const step = wholeFours(bytesEach);
    return pictures.map((_, i) => new Uint8Array(values.buffer, values.byteOffset + i * step, bytesEach));
  } finally {
    tf.dispose([...Object.values(inputs), ...(output ? [output] : [])]);
  }
}

/** Pixels leave the graph four by four as an int32: tfjs-node cannot read uint8 tensors. */
const wholeFours = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** The greatest reduction that leaves a picture at least as large as it is wanted. */
const ratioFor = (width: number, height: number, placed: Placement): Ratio =>
  RATIOS.find((ratio) => Math.ceil(width / ratio) >= placed.width && Math.ceil(height / ratio) >= placed.height) ?? 1;

/** Whether a decoded picture has less than half to go, in steps from pixel to pixel of the result. */
const isNear = (step: number): boolean => step >= 1 && step < 2;

/** CropAndResize makes black of what lies beyond the last centre, if only by rounding. */
const WITHIN = 1 - 1e-6;

/**
 * Where the centres of the first and the last pixel of the result lie in the decoded picture, whose own lie at 0 and 1.
 *
 * @param step from pixel to pixel of the result, in pixels of the decoded picture
 */
function centres(step: number, target: number, decoded: number): [number, number] {
  const first = 0.5 * step - 0.5;
  const all = Math.max(1, decoded - 1);
  return [first / all, Math.min(WITHIN, (first + (target - 1) * step) / all)];
}

function graphFor(options: PictureOptions): Graph {
  const key = `${options.size} ${options.color}`;
  let graph = graphs.get(key);
  if (!graph) graphs.set(key, (graph = defineGraph(options).load()));
  return graph;
}

/** Less than four operations, because TensorFlow would spend as long on optimizing more as on decoding 100 pictures. */
function defineGraph(options: PictureOptions): GraphDefinition {
  const definition = new GraphDefinition();
  const inputs = [
    definition.placeholder('contents', 'string', [-1]),
    definition.placeholder('plans', 'float32', [-1, PLAN]),
  ];
  const branches = WAYS.map((way) => definition.addFunction(branch(way, options)));
  const each = {
    Targuments: attribute.types(['string', 'float32']),
    Tcaptured: attribute.types([]),
    output_types: attribute.types(['int32']),
    output_shapes: attribute.shapes([[wholeFours(pixelBytes(options)) / 4]]),
    f: attribute.function(definition.addFunction(decodeAndResizeOne(branches, pixelBytes(options)))),
    // One core a picture: there are enough pictures.
    max_intra_op_parallelism: attribute.int(1),
  };
  definition.add('MapDefun', inputs, each, PIXELS);
  return definition;
}

const ONE = { content: 'string', plan: 'float32' } as const;

/** From the content of one picture to the pixels of the size that is wanted. */
function decodeAndResizeOne(branches: readonly string[], bytesEach: number): GraphFunction {
  const body = new GraphFunction('decode_and_resize', ONE, { pixels: 'int32' });
  const way = reshape(body, 'int32', toIntegers(body, part(body, 0, 1)), integers(body));
  const resized = body.add('StatelessCase', [way, 'content', 'plan'], {
    Tin: attribute.types(Object.values(ONE)),
    Tout: attribute.types(['float32']),
    branches: attribute.functions(branches),
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
  let fours = reshape(body, 'uint8', `${bytes}:y:0`, integers(body, -1));
  const missing = wholeFours(bytesEach) - bytesEach;
  if (missing > 0) {
    const paddings = `${body.constant(Int32Array.of(0, missing), [1, 2])}:output:0`;
    const types = { T: attribute.type('uint8'), Tpaddings: attribute.type('int32') };
    fours = `${body.add('Pad', [fours, paddings], types)}:output:0`;
  }
  const pixels = body.add('Bitcast', [reshape(body, 'uint8', fours, integers(body, -1, 4))], {
    T: attribute.type('uint8'),
    type: attribute.type('int32'),
  });
  return body.returns({ pixels: `${pixels}:output:0` });
}

function branch(way: Way, { size: [height, width], color }: PictureOptions): GraphFunction {
  const body = new GraphFunction(`${way.kind}_${way.ratio}_${way.filter}`, ONE, { resized: 'float32' });
  const batch = body.add('ExpandDims', [decode(body, way, color === 'grey' ? 1 : 3), integers(body, 0)], {
    T: attribute.type('uint8'),
    Tdim: attribute.type('int32'),
  });
  return body.returns({ resized: resize(body, way, `${batch}:output:0`, integers(body, height, width)) });
}

const integers = (body: GraphFunction, ...values: number[]): string =>
  `${body.constant(Int32Array.from(values), [values.length])}:output:0`;

/** Some numbers of the plan. */
function part(body: GraphFunction, start: number, length: number): string {
  const types = { T: attribute.type('float32'), Index: attribute.type('int32') };
  return `${body.add('Slice', ['plan', integers(body, start), integers(body, length)], types)}:output:0`;
}

function toIntegers(body: GraphFunction, numbers: string): string {
  const types = { SrcT: attribute.type('float32'), DstT: attribute.type('int32'), Truncate: attribute.bool(false) };
  return `${body.add('Cast', [numbers], types)}:y:0`;
}

function reshape(body: GraphFunction, type: GraphType, values: string, shape: string): string {
  const types = { T: attribute.type(type), Tshape: attribute.type('int32') };
  return `${body.add('Reshape', [values, shape], types)}:output:0`;
}

function decode(body: GraphFunction, { kind, ratio }: Way, channels: number): string {
  if (kind === 'RAW') {
    const numbers = body.add('DecodeRaw', ['content'], {
      out_type: attribute.type('uint8'),
      little_endian: attribute.bool(true),
    });
    return reshape(body, 'uint8', `${numbers}:output:0`, toIntegers(body, part(body, SHAPE, 3)));
  }
  const image =
    kind === 'PNG'
      ? body.add('DecodePng', ['content'], { channels: attribute.int(channels), dtype: attribute.type('uint8') })
      : body.add('DecodeJpeg', ['content'], {
          channels: attribute.int(channels),
          ratio: attribute.int(ratio),
          fancy_upscaling: attribute.bool(true),
          try_recover_truncated: attribute.bool(false),
          acceptable_fraction: attribute.float(1),
          dct_method: attribute.string('INTEGER_ACCURATE'),
        });
  return `${image}:image:0`;
}

function resize(body: GraphFunction, { filter }: Way, batch: string, target: string): string {
  if (filter === 'bilinear') {
    const boxes = reshape(body, 'float32', part(body, PLACE, 4), integers(body, 1, 4));
    const resized = body.add('CropAndResize', [batch, boxes, integers(body, 0), target], {
      T: attribute.type('uint8'),
      method: attribute.string('bilinear'),
      extrapolation_value: attribute.float(0),
    });
    return `${resized}:crops:0`;
  }
  const scale = part(body, PLACE, 2);
  const corner = part(body, PLACE + 2, 2);
  const resized = body.add('ScaleAndTranslate', [batch, target, scale, corner], {
    T: attribute.type('uint8'),
    kernel_type: attribute.string('triangle'),
    antialias: attribute.bool(true),
  });
  return `${resized}:resized_images:0`;
}
