// @ts-check
/// <reference lib="dom" />

import { element } from './element.js';

/**
 * Shows outputs of `tryModel` (lib/src/display/try-model.ts): a page that lies beside the notebook, from the server's
 * own address for files. Its scripts run in a frame that can reach neither JupyterLab nor the server.
 */

const MIME_TYPE = 'application/vnd.course.page+json';

/**
 * The extension, for JupyterLab's list of MIME renderers.
 *
 * @param {new (...args: any[]) => any} Widget Lumino's widget class
 */
export function pages(Widget) {
  const Page = makePageClass(Widget);
  return {
    id: '@course/jupyterlab:pages',
    description: 'Shows a page that lies beside the notebook.',
    rendererFactory: {
      safe: true,
      mimeTypes: [MIME_TYPE],
      defaultRank: 50,
      createRenderer: (/** @type {any} */ options) => new Page(options.resolver),
    },
    rank: 0,
    dataType: 'json',
  };
}

/** @param {new (...args: any[]) => any} Widget */
function makePageClass(Widget) {
  return class CoursePage extends Widget {
    /** @param {any} resolver knows the notebook's folder and the server's address */
    constructor(resolver) {
      super();
      this.resolver = resolver;
      this.addClass('course-page');
    }

    async renderModel(/** @type {any} */ model) {
      const { path, title } = model.data[MIME_TYPE];
      try {
        const address = await this.addressOf(path);
        const { ok, status } = await fetch(address, { method: 'HEAD' });
        if (!ok) throw new Error(`the server answers ${status}`);
        const isDark = document.body.dataset.jpThemeLight === 'false';
        const frame = element('iframe', { title, src: `${address}#${isDark ? 'dark' : 'light'}` });
        frame.setAttribute('sandbox', 'allow-scripts');
        Object.assign(frame.style, { width: '100%', height: '100%', border: 'none' });
        const place = element('div', {}, frame);
        // The corner at the lower right changes the height.
        Object.assign(place.style, {
          height: '720px', resize: 'vertical', overflow: 'hidden', border: '1px solid var(--jp-border-color1)',
        });
        const link = element('a', { href: address, target: '_blank', rel: 'noopener' }, 'Open in a tab of its own');
        Object.assign(link.style, { color: 'var(--jp-content-link-color)', textDecoration: 'underline' });
        this.node.replaceChildren(place, link);
      } catch (error) {
        const why = error instanceof Error ? error.message : error;
        this.node.textContent = `${title}: ${path} cannot be shown (${why}). Run the cell again: it makes the page anew.`;
      }
    }

    /** @param {string} path relative to the notebook */
    async addressOf(path) {
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      if (!this.resolver?.isLocal?.(encoded)) throw new Error('it is no file beside the notebook');
      return this.resolver.getDownloadUrl(await this.resolver.resolveUrl(encoded));
    }
  };
}
