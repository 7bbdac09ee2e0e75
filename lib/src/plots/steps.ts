import type { NdArray } from 'ndarray';
import { packedValues, arrayOf } from '../arrays';
import type { PictureStep } from '../preprocessing/own-picture';
import { resize } from '../preprocessing/resize';
import { encodePng } from './png';
import { escapeXml } from './svg-elements';

/** The longer side of each step on the screen, in pixels. */
const SIDE = 168;
/**
 * Larger pictures are reduced to this side, so that the notebook stays small: twice what the screen shows, for fine
 * screens.
 */
const STORED_SIDE = 2 * SIDE;

/**
 * What became of a picture, step by step, as HTML that needs no script and no other file: each step with its number,
 * name and size. Steps may differ in size; small ones are enlarged, their pixels stay visible.
 */
export function pictureStepsHtml(steps: readonly PictureStep[]): string {
  const cells = steps.map(({ name, picture }, i) => {
    const [height, width] = picture.shape;
    const scale = SIDE / Math.max(height, width);
    const data = `data:image/png;base64,${encodePng(reduced(picture)).toString('base64')}`;
    const style = `${scale > 1 ? 'image-rendering: pixelated; ' : ''}outline: 1px solid #7F7F7F`;
    const caption = `${i + 1}. ${name}`;
    const [shownWidth, shownHeight] = [Math.round(width * scale), Math.round(height * scale)];
    const place = `display: inline-block; vertical-align: top; width: ${SIDE}px; margin: 4px 6px; text-align: center`;
    return `<figure style="${place}">` +
      `<img src="${data}" alt="${escapeXml(caption)}" width="${shownWidth}" height="${shownHeight}" style="${style}">` +
      `<figcaption>${escapeXml(caption)}<br><small>${width} × ${height}</small></figcaption></figure>`;
  });
  return `<div role="group" aria-label="${steps.length} steps">${cells.join('')}</div>`;
}

function reduced(picture: NdArray<Uint8Array>): NdArray<Uint8Array> {
  const [height, width, ...channels] = picture.shape;
  const scale = STORED_SIDE / Math.max(height, width);
  if (scale >= 1) return picture;
  const size = [height, width].map((side) => Math.max(1, Math.round(side * scale)));
  const list = arrayOf(packedValues(picture), [1, height, width, ...channels]);
  return arrayOf(resize(list, [size[0], size[1]]).data, [...size, ...channels]);
}
