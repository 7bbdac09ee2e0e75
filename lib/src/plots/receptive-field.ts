import type { NdArray } from 'ndarray';
import type { Numbers } from '../arrays';
import { fieldAt, type ReceptiveField } from '../inspection/receptive-field';
import type { DescribedSvg } from './convolution';
import { colors } from './figure';
import { pngUrl, visiblePicture } from './layer-pictures';
import { n, picture as svgPicture, text } from './svg-elements';
import { thumbnail } from './thumbnail';

const SIDE = 164;
const GAP = 18;
const MARGIN = 16;
const COLUMNS = 5;
const ROW = SIDE + 78;
/** Pixels of the stored picture's longer side. */
const STORED_SIDE = 96;

/**
 * What one place of a layer sees of the picture, and how that grew from layer to layer: the picture once for each
 * layer that changes the field, up to the one that is asked for. What lies outside of the field is dark. In the
 * earlier layers, the place in the middle of the last field is shown.
 *
 * @param picture `[height, width]` or `[height, width, 1 or 3]`, as the model takes it
 * @param fields as `receptiveFields` returns them
 * @param layer the name of one of them
 * @param at row and column in its feature maps
 * @throws Error if there is no such layer or place
 * Taught in 03_fashion_mnist_cnn and 04_cats_and_dogs.
 */
export function receptiveFieldPicture(
  picture: NdArray<Numbers>,
  fields: readonly ReceptiveField[],
  layer: string,
  at: readonly [row: number, column: number],
): DescribedSvg {
  const last = fields.findIndex(({ name }) => name === layer);
  if (last < 0) {
    throw new Error(
      `receptiveFieldPicture: the model has no layer "${layer}"; it has ${fields.map(({ name }) => name).join(', ')}.`,
    );
  }
  const { places } = fields[last];
  if (!at.every((place, axis) => Number.isInteger(place) && place >= 0 && place < places[axis])) {
    throw new RangeError(
      `receptiveFieldPicture: got the place [${at.join(', ')}]; expected row and column in the ` +
        `${places.join(' × ')} places of ${layer}, counted from 0.`,
    );
  }
  const visible = visiblePicture(picture);
  const href = pngUrl(thumbnail(visible, STORED_SIDE));
  const target = fieldAt(fields[last], at);
  const shown = fields.slice(0, last + 1).filter((field, i) => i === last || isChanged(field, fields[i - 1]));
  const columns = Math.min(COLUMNS, shown.length);
  const panels = shown.map((field, i) => {
    const isLast = i === shown.length - 1;
    const place = isLast ? at : placeInMiddle(field, target);
    const corner = { left: MARGIN + (i % columns) * (SIDE + GAP), top: MARGIN + Math.floor(i / columns) * ROW };
    return panel(field, place, visible.shape, href, corner);
  });
  const alt = `Receptive fields. ${shown.map(sentence).join(' ')} Place ${at.join(', ')} of ${layer} sees ` +
    `the rows ${target.top} to ${target.top + target.height - 1} and the columns ${target.left} to ` +
    `${target.left + target.width - 1} of the picture.`;
  const width = 2 * MARGIN + columns * (SIDE + GAP) - GAP;
  const height = MARGIN + Math.ceil(shown.length / columns) * ROW;
  return { svg: svgPicture(Math.max(width, 340), height, alt, panels.join('')), alt };
}

const isChanged = (field: ReceptiveField, before: ReceptiveField | undefined): boolean =>
  ([0, 1] as const).some((axis) => field.size[axis] !== (before?.size[axis] ?? 1) ||
    field.stride[axis] !== (before?.stride[axis] ?? 1));

const sizeText = ({ size }: ReceptiveField): string =>
  `${size.join(' × ')} ${size[0] * size[1] === 1 ? 'pixel' : 'pixels'}`;

const strideText = ({ stride }: ReceptiveField): string => stride.every((step) => step === 0) ? 'all places together'
  : `next place: ${stride[0] === stride[1] ? stride[0] : stride.join(' or ')} further`;

const sentence = (field: ReceptiveField): string => `${field.name}: ${sizeText(field)}, ${strideText(field)}.`;

/** The place whose field lies nearest to the middle of another field. */
function placeInMiddle(
  { start, stride, size, places }: ReceptiveField,
  { top, left, height, width }: ReturnType<typeof fieldAt>,
): [number, number] {
  const along = (axis: 0 | 1, middle: number): number => stride[axis] === 0 ? 0
    : Math.min(places[axis] - 1, Math.max(0, Math.round((middle - size[axis] / 2 - start[axis]) / stride[axis])));
  return [along(0, top + height / 2), along(1, left + width / 2)];
}

function panel(
  field: ReceptiveField,
  at: readonly [number, number],
  [rows, columns]: readonly number[],
  href: string,
  corner: { left: number; top: number },
): string {
  const scale = SIDE / Math.max(rows, columns);
  const { left } = corner;
  const top = corner.top + 22;
  const [width, height] = [columns * scale, rows * scale];
  const seen = fieldAt(field, at);
  // What lies in the padding is outside of the picture.
  const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value)) * scale;
  const [x0, x1] = [clamp(seen.left, columns), clamp(seen.left + seen.width, columns)];
  const [y0, y1] = [clamp(seen.top, rows), clamp(seen.top + seen.height, rows)];
  const isPadded = seen.left < 0 || seen.top < 0 || seen.left + seen.width > columns || seen.top + seen.height > rows;
  const whole = `M${n(left)},${n(top)} h${n(width)} v${n(height)} h${n(-width)} z`;
  const hole = `M${n(left + x0)},${n(top + y0)} v${n(y1 - y0)} h${n(x1 - x0)} v${n(y0 - y1)} z`;
  const box = `x="${n(left + x0)}" y="${n(top + y0)}" width="${n(x1 - x0)}" height="${n(y1 - y0)}" fill="none"`;
  const name = field.name.length > 27 ? `${field.name.slice(0, 26)}…` : field.name;
  const notes = [sizeText(field), strideText(field), ...(isPadded ? ['reaches into the padding'] : [])];
  return text(name, left, corner.top + 12, { size: 11 }) +
    `<image x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}" preserveAspectRatio="none" ` +
    `style="image-rendering: pixelated" href="${href}"/>` +
    `<path d="${whole} ${hole}" fill="#000" fill-opacity="0.6" fill-rule="evenodd"/>` +
    `<rect ${box} stroke="#fff" stroke-width="4"/><rect ${box} stroke="${colors.validation}" stroke-width="2"/>` +
    notes.map((note, i) => text(note, left, top + height + 16 + i * 15, { size: 12 })).join('');
}
