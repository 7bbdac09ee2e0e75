// @ts-check

const { countText } = require('../../arrays');
const { statisticsOf } = require('../../inspection/statistics');
const { element } = require('./element');

/** @import { LayerOutput } from './model' */

/** Feature maps that are shown before somebody asks for all of them. */
const AT_FIRST = 32;
/** Lists of more numbers are shown as pixels, in rows of so many; fewer as bars. */
const MOST_BARS = 256;
const ROW = 128;
const BAR_HEIGHT = 64;
/** CSS pixels of the longer side of a feature map, at least. */
const SIDE = 56;

/** The blue and the orange of the course's figures: below zero, above zero. */
const [BELOW, ABOVE] = [[0, 114, 178], [213, 94, 0]];

/**
 * The part of the page for one layer.
 *
 * @param {LayerOutput} first what the layer has made of some picture
 * @param {readonly string[] | undefined} unitNames
 */
exports.layerView = ({ step, shape }, unitNames) => {
  const heading = element('h3', {}, `${step.name} · ${step.layer.getClassName()} · ${shape.join(' × ')}`);
  const numbers = element('p', { className: 'quiet' });
  const isMaps = shape.length === 3;
  const count = isMaps ? shape[2] : shape.reduce((product, length) => product * length, 1);
  const isBars = !isMaps && count <= MOST_BARS;
  const maps = element('div', { className: 'maps', role: 'img' });
  const node = element('section', { className: 'layer', ariaLabel: `Layer ${step.name}` }, heading, numbers, maps);
  let shown = isMaps ? Math.min(count, AT_FIRST) : 1;
  /** @type {LayerOutput} */
  let latest;
  /** @type {HTMLCanvasElement[]} */
  const canvases = [];

  const draw = () => {
    const { values } = latest;
    const scale = scaleOf(values);
    while (canvases.length < shown) canvases.push(newCanvas());
    if (isBars) drawBars(canvases[0], values);
    else canvases.forEach((canvas, i) => drawMap(canvas, pixelOf(i), values, scale));
    const what = isMaps ? `${shown} of ${count} feature maps` : `${count} units`;
    maps.setAttribute('aria-label', `${what} of layer ${step.name}`);
  };
  const newCanvas = () => {
    const [height, width] = isMaps ? shape : isBars ? [BAR_HEIGHT, Math.max(1, count)] : [Math.ceil(count / ROW), ROW];
    const canvas = element('canvas', { width, height });
    maps.append(canvas);
    if (!isMaps) canvas.className = 'list';
    else canvas.style.setProperty('--side', `${Math.round((Math.max(SIDE, width) * width) / Math.max(height, width))}px`);
    return canvas;
  };
  /** Which number of the layer belongs to a pixel of a canvas. */
  const pixelOf = (/** @type {number} */ map) => (/** @type {number} */ pixel) => (isMaps ? pixel * count + map : pixel);

  if (isMaps && count > AT_FIRST) {
    const more = element('button', { type: 'button' }, `Show all ${count} feature maps`);
    more.onclick = () => {
      shown = count;
      more.remove();
      draw();
    };
    node.append(more);
  }
  return {
    node,
    update(/** @type {LayerOutput} */ output) {
      latest = output;
      numbers.textContent = `${statisticsText(output.values)} ${legendText(output.values, isBars)}`;
      if (unitNames && isBars) numbers.append(` The bars from the left: ${unitNames.join(', ')}.`);
      draw();
    },
  };
};

/** @param {Float32Array} values */
function statisticsText(values) {
  const { mean, standardDeviation, zeros, count, notFinite } = statisticsOf(values);
  const bad = notFinite > 0 ? `, ${countText(notFinite)} of them no numbers (NaN or infinite)` : '';
  return `${countText(count)} ${count === 1 ? 'number' : 'numbers'}${bad}, mean ${text(mean)}, ` +
    `standard deviation ${text(standardDeviation)}, ${(zeros * 100).toFixed(0)} % are 0.`;
}

/**
 * @param {Float32Array} values
 * @param {boolean} isBars
 */
function legendText(values, isBars) {
  const [low, high] = scaleOf(values);
  if (isBars) return `The longest bar is ${text(Math.max(-low, high))}.`;
  return low < 0
    ? `Blue is below 0 (down to ${text(low)}), white 0, orange above (up to ${text(high)}).`
    : `Black is 0, white ${text(high)}.`;
}

const text = (/** @type {number} */ value) => (Number.isFinite(value) ? Number(value.toPrecision(3)) : value).toString();

/**
 * From zero or the smallest number to the largest.
 *
 * @param {Float32Array} values
 * @returns {[low: number, high: number]}
 */
function scaleOf(values) {
  let [low, high] = [0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {(pixel: number) => number} pixelOf
 * @param {Float32Array} values
 * @param {[number, number]} scale
 */
function drawMap(canvas, pixelOf, values, [low, high]) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const picture = context.createImageData(canvas.width, canvas.height);
  const { data } = picture;
  const most = Math.max(-low, high) || 1;
  for (let pixel = 0, to = 0; to < data.length; pixel++, to += 4) {
    const value = values[pixelOf(pixel)];
    // Behind the last number of a list there is nothing.
    if (value === undefined) continue;
    const part = Math.min(1, Math.abs(value) / most);
    for (let i = 0; i < 3; i++) {
      const color = low < 0 ? 255 + ((value < 0 ? BELOW : ABOVE)[i] - 255) * part : 255 * part;
      data[to + i] = Number.isFinite(value) ? color : 128;
    }
    data[to + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 */
function drawBars(canvas, values) {
  const [low, high] = scaleOf(values);
  // The stylesheet says the colours: of text for what is above zero, of the border below, of the outline for the line.
  const style = getComputedStyle(canvas);
  const bar = Math.max(2, Math.min(32, Math.floor(640 / values.length)));
  canvas.width = bar * values.length;
  canvas.style.maxWidth = `${canvas.width}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const height = canvas.height / (high - low || 1);
  const zero = high * height;
  values.forEach((value, i) => {
    context.fillStyle = value < 0 ? style.borderColor : style.color;
    context.fillRect(i * bar, Math.min(zero, zero - value * height), Math.max(1, bar - 1), Math.abs(value) * height);
  });
  context.fillStyle = style.outlineColor;
  context.fillRect(0, Math.min(canvas.height - 1, zero), canvas.width, 1);
}
