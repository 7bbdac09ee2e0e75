// @ts-check
/// <reference lib="dom" />

import { element } from './element.js';

/**
 * Shows outputs of the type `image/svg+xml`. JupyterLab can do that too, but leaves out the words for those who do not
 * see the picture, and the picture where a notebook is not trusted. In an image an SVG runs nothing.
 */

const MIME_TYPE = 'image/svg+xml';
/** JupyterLab's own for SVG: behind HTML, before other images. */
const RANK = 80;

/**
 * The extension, for JupyterLab's list of MIME renderers.
 *
 * @param {new (...args: any[]) => any} Widget Lumino's widget class
 */
export function pictures(Widget) {
  const Picture = makePictureClass(Widget);
  return {
    id: '@course/jupyterlab:pictures',
    description: 'Shows SVG pictures, and tells their words to screen readers.',
    rendererFactory: { safe: true, mimeTypes: [MIME_TYPE], defaultRank: RANK, createRenderer: () => new Picture() },
    rank: RANK,
    dataType: 'string',
  };
}

/** What notebooks keep as one text or as its lines. */
const whole = (/** @type {string | string[] | undefined} */ text) => [text ?? ''].flat().join('');

/** @param {new (...args: any[]) => any} Widget */
function makePictureClass(Widget) {
  return class CoursePicture extends Widget {
    constructor() {
      super();
      this.addClass('jp-RenderedSVG');
    }

    async renderModel(/** @type {any} */ model) {
      const image = element('img', {
        alt: whole(model.data['text/plain']),
        src: `data:${MIME_TYPE},${encodeURIComponent(whole(model.data[MIME_TYPE]))}`,
      });
      image.style.maxWidth = '100%';
      image.style.height = 'auto';
      this.node.replaceChildren(image);
    }
  };
}
