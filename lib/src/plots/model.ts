import { countText } from '../arrays';
import { connections, type LayerUse } from '../model/connections';
import type { tf } from '../tensorflow';
import { escapeXml, INK, n, picture, text } from './svg-elements';

const BOX = { width: 250, height: 40 };
const GAP = { x: 16, y: 18, column: 36 };
const MARGIN = 16;
/** Room at the side for arrows past other boxes. */
const DETOUR = 28;
/** Boxes of a chain one below the other; a longer one goes on in the next column. */
const MOST_ROWS = 7;

/** Kinds of layers have a colour at the edge of their boxes, of Okabe and Ito. */
const kinds: readonly (readonly [pattern: RegExp, color: string])[] = [
  [/Conv/, '#0072B2'], [/Pool/, '#56B4E9'], [/Dense|LSTM|GRU|RNN|Embedding/, '#009E73'], [/Dropout|Noise/, '#E69F00'],
  [/Norm|Rescaling/, '#CC79A7'], [/Sequential|Functional|Model/, '#D55E00'],
];

/** The picture of a model, and the same in words. */
export interface ModelPicture {
  readonly svg: string;
  readonly alt: string;
}

/**
 * A model as a picture: a box for each use of a layer with kind, name, output shape and parameters, and arrows for what
 * goes where. Sequential or branching; a model within the model is one box.
 *
 * @throws Error if it is no model, or has no shapes yet
 *
 * ```ts
 * writeFileSync('model.svg', modelPicture(model).svg);
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function modelPicture(model: tf.LayersModel): ModelPicture {
  if (!Array.isArray(model?.layers)) {
    const got = model === null ? 'null' : typeof model;
    throw new Error(`modelPicture: got ${got}; expected a model, as tf.sequential makes it.`);
  }
  if (!model.outputs?.length) {
    throw new Error(
      'modelPicture: the model has no shapes yet. Give its first layer an inputShape, such as ' +
        'inputShape: [784].',
    );
  }
  const uses = connections(model);
  const rows: LayerUse[][] = [];
  for (const use of uses) (rows[use.row] ??= []).push(use);
  const size = isBranching(uses) ? rows.length : MOST_ROWS;
  const columns = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
  const places = new Map<LayerUse, Place>();
  let left = MARGIN;
  columns.forEach((column, c) => {
    const most = Math.max(...column.map((row) => row.length));
    const width = most * BOX.width + (most - 1) * GAP.x;
    column.forEach((row, r) => row.forEach((use, i) => {
      const start = left + (width - row.length * BOX.width - (row.length - 1) * GAP.x) / 2;
      places.set(use, { x: start + i * (BOX.width + GAP.x), y: MARGIN + r * (BOX.height + GAP.y), column: c });
    }));
    left += width + GAP.column;
  });
  const hasDetours = uses.some((use) => use.from.some((before) => use.row - before.row > 1));
  const width = left - GAP.column + MARGIN + (hasDetours ? DETOUR : 0);
  const tallest = Math.max(...columns.map((column) => column.length));
  const height = 2 * MARGIN + tallest * BOX.height + (tallest - 1) * GAP.y;
  const arrows = uses.flatMap((use) => use.from.map((before) => arrow(before, use, places)));
  const boxes = uses.map((use) => box(use, places.get(use)!, model));
  const alt = describe(model, uses);
  return { svg: picture(n(width), n(height), alt, ARROW_HEAD + arrows.join('') + boxes.join('')), alt };
}

interface Place {
  x: number;
  y: number;
  column: number;
}

const ARROW_HEAD = `<defs><marker id="model-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" ` +
  `markerHeight="7" orient="auto">` +
  `<path d="M0,0 L8,4 L0,8 z" fill="${INK}"/></marker></defs>`;

/**
 * From the bottom of a box to the top of the next; past the boxes that lie between; or in a curve into the next column.
 */
function arrow(from: LayerUse, to: LayerUse, places: Map<LayerUse, Place>): string {
  const [a, b] = [places.get(from)!, places.get(to)!];
  const [start, end] = [{ x: a.x + BOX.width / 2, y: a.y + BOX.height }, { x: b.x + BOX.width / 2, y: b.y }];
  const path = (commands: string): string =>
    `<path d="${commands}" fill="none" stroke="${INK}" marker-end="url(#model-arrow)"/>`;
  if (a.column !== b.column) {
    // Along the gap between the columns, from side to side.
    const [out, into] = [{ x: a.x + BOX.width, y: a.y + BOX.height / 2 }, { x: b.x, y: b.y + BOX.height / 2 }];
    const bend = Math.max(GAP.column, (into.x - out.x) / 2);
    return path(curve(out, { x: out.x + bend, y: out.y }, { x: into.x - bend, y: into.y }, into));
  }
  if (to.row - from.row === 1) {
    const middle = (start.y + end.y) / 2;
    return path(curve(start, { x: start.x, y: middle }, { x: end.x, y: middle }, end));
  }
  const between = [...places].filter(([{ row }]) => row >= from.row && row < to.row).map(([, { x }]) => x + BOX.width);
  const side = Math.max(...between) + DETOUR / 2;
  const out = { x: a.x + BOX.width, y: a.y + BOX.height / 2 };
  const into = { x: b.x + BOX.width * 0.8, y: b.y };
  return path(`M${n(out.x)},${n(out.y)} H${n(side)} V${n(into.y - GAP.y / 2)} H${n(into.x)} V${n(into.y)}`);
}

/** From the first point to the last, drawn towards those between. */
function curve(...points: { x: number; y: number }[]): string {
  const [start, ...rest] = points.map(({ x, y }) => `${n(x)},${n(y)}`);
  return `M${start} C${rest.join(' ')}`;
}

function box(use: LayerUse, { x, y }: Place, model: tf.LayersModel): string {
  const { layer } = use;
  const kind = layer.getClassName();
  const color = kinds.find(([pattern]) => pattern.test(kind))?.[1] ?? '#7F7F7F';
  const label = use.use > 1 ? `${layer.name}, again` : layer.name;
  // A letter of the bold kind takes about 9 pixels, one of the name 7.
  const room = Math.floor((BOX.width - 28 - kind.length * 9) / 7);
  const name = label.length > room ? `${label.slice(0, Math.max(1, room - 1))}…` : label;
  const isOutput = model.outputs.some(({ sourceLayer }) => sourceLayer === layer);
  const place = `x="${n(x)}" y="${n(y)}"`;
  const stroke = `stroke="${color}" stroke-width="${isOutput ? 2.5 : 1.2}"`;
  return `<g class="layer"><rect ${place} width="${BOX.width}" height="${BOX.height}" rx="4" fill="#fff" ${stroke}/>` +
    `<rect ${place} width="6" height="${BOX.height}" rx="2" fill="${color}"/>` +
    `<text x="${n(x + 14)}" y="${n(y + 16)}" font-size="13" fill="${INK}">` +
    `<tspan font-weight="600">${escapeXml(kind)}</tspan>` +
    `<tspan dx="6" fill="#666" font-size="12">${escapeXml(name)}</tspan></text>` +
    text(detailsOf(use), x + 14, y + 33, { size: 12 }) + '</g>';
}

const isBranching = (uses: readonly LayerUse[]): boolean =>
  uses.some(({ from }) => from.length > 1) || new Set(uses.map(({ row }) => row)).size < uses.length;

const shapeOf = ({ outputShape }: LayerUse): string =>
  outputShape.slice(1).map((size) => (size === null ? 'any' : countText(size))).join(' × ') || '1';

function detailsOf(use: LayerUse): string {
  const parameters = use.layer.countParams();
  const count = use.use > 1 ? 'the same parameters'
    : `${countText(parameters)} ${parameters === 1 ? 'parameter' : 'parameters'}`;
  return parameters > 0 ? `${shapeOf(use)} · ${count}` : shapeOf(use);
}

function describe(model: tf.LayersModel, uses: readonly LayerUse[]): string {
  const lines = uses.map((use) => {
    const from = isBranching(uses) && use.from.length > 0
      ? ` from ${use.from.map(({ layer }) => layer.name).join(' and ')}` : '';
    return `${use.layer.getClassName()} ${use.layer.name}${from}: ${detailsOf(use)}`;
  });
  const boxes = `${uses.length} boxes from input to output, with output shape and parameters`;
  return `Model ${model.name}, ${boxes}. ${lines.join('; ')}.`;
}
