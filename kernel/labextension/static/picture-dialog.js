// @ts-check
/// <reference lib="dom" />

import { element } from './element.js';

/**
 * @typedef {{ index: number, label: number }} Picture
 *
 * @typedef {object} Gallery where the pictures come from
 * @property {(picture: Picture) => Promise<{ data: any, buffers: DataView[] }>} load
 * @property {(picture: Picture) => string} nameOf the name of its class
 * @property {(by: 1 | -1) => Promise<Picture | undefined>} step goes to a neighbour
 * @property {() => void} onClose
 */

/** How large (CSS pixels) the pixels of an array are shown: small pictures are enlarged to about this side. */
const ALONE = 448;
const BESIDE = 224;

/**
 * One picture in full, above everything else. Escape closes it, as the browser does with every dialog; the arrows
 * lead to the neighbours.
 */
export class PictureDialog {
  /** @type {Gallery} */ #gallery;
  /** @type {string[]} */ #addresses = [];
  #turns = 0;
  node = element('dialog', { className: 'course-explorer-dialog', ariaLabel: 'Picture' });
  #pictures = element('div', { className: 'course-explorer-pictures' });
  #caption = element('div', { className: 'course-explorer-caption', role: 'status' });

  /** @param {Gallery} gallery */
  constructor(gallery) {
    this.#gallery = gallery;
    const button = (/** @type {string} */ name, /** @type {string} */ text, /** @type {() => unknown} */ onclick) =>
      element('button', { type: 'button', ariaLabel: name, title: name, onclick }, text);
    const next = button('Next picture', '›', () => this.#step(1));
    next.autofocus = true;
    const close = button('Close', '✕', () => this.node.close());
    close.className = 'course-explorer-close';
    this.node.append(
      element('div', { className: 'course-explorer-frame' },
        button('Previous picture', '‹', () => this.#step(-1)),
        element('div', { className: 'course-explorer-content' }, this.#pictures, this.#caption),
        next,
        close));
    this.node.onclose = () => {
      // What is still on its way is not shown any more.
      this.#turns += 1;
      this.#fill([], []);
      gallery.onClose();
    };
    this.node.onclick = (event) => {
      // What lies around the frame belongs to the dialog itself.
      if (event.target === this.node) this.node.close();
    };
    this.node.onkeydown = (event) => {
      if (event.key === 'ArrowLeft') void this.#step(-1);
      else if (event.key === 'ArrowRight') void this.#step(1);
    };
  }

  get isOpen() {
    return this.node.open;
  }

  /** Shows a picture; the one before stays until this one can be drawn. */
  async open(/** @type {Picture} */ picture) {
    const turn = this.#turns += 1;
    if (!this.node.open) {
      this.#fill([], ['Loading …']);
      this.node.showModal();
    }
    try {
      const { data, buffers } = await this.#gallery.load(picture);
      const { index, pixels, file, original, problem } = data;
      const addresses = [pixels, original].filter(Boolean).map(({ type }, i) =>
        URL.createObjectURL(new Blob([/** @type {any} */ (buffers[i])], { type })));
      const name = this.#gallery.nameOf(picture);
      const small = enlarged(addresses[0], pixels, `image ${index}: ${name}`, file ? BESIDE : ALONE);
      const labelled = () => element('figure', {}, small, element('figcaption', {}, 'what the network sees'));
      const pictures = original ? [element('img', { src: addresses[1], alt: file }), labelled()] : [small];
      await Promise.all([small, ...pictures].map((each) => each instanceof HTMLImageElement && each.decode()));
      if (turn !== this.#turns) {
        addresses.forEach((each) => URL.revokeObjectURL(each));
        return;
      }
      const size = original ? `${sizeText(original)} pixels, here ${sizeText(pixels)}` : `${sizeText(pixels)} pixels`;
      const place = `image ${index.toLocaleString('en-US')}`;
      this.#fill(pictures, [element('strong', {}, name), file, size, place, problem], addresses);
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      if (turn === this.#turns) this.#fill([], [`The picture could not be loaded: ${why}`]);
    }
  }

  dispose() {
    this.#clear();
    this.node.remove();
  }

  /**
   * @param {Node[]} pictures
   * @param {(Node | string | undefined)[]} caption
   * @param {string[]} [addresses] of the pictures' bytes
   */
  #fill(pictures, caption, addresses = []) {
    this.#clear();
    this.#addresses = addresses;
    this.#pictures.replaceChildren(...pictures);
    const lines = caption.flatMap((each) => (each === undefined ? [] : [element('span', {}, each)]));
    this.#caption.replaceChildren(...lines);
  }

  #clear() {
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
  }

  async #step(/** @type {1 | -1} */ by) {
    const picture = await this.#gallery.step(by);
    if (picture && this.isOpen) await this.open(picture);
  }
}

/**
 * Whole pixels become whole squares.
 *
 * @param {string} src
 * @param {{ width: number, height: number }} size
 * @param {string} alt
 * @param {number} side
 */
function enlarged(src, { width, height }, alt, side) {
  const factor = Math.max(1, Math.floor(side / Math.max(width, height)));
  const image = element('img', { src, alt, className: 'course-explorer-pixels' });
  image.style.width = `${width * factor}px`;
  return image;
}

const sizeText = (/** @type {{ width: number, height: number }} */ { width, height }) => `${width} × ${height}`;
