// @ts-check
/// <reference lib="dom" />

import { element } from './element.js';
import { ExplorerView } from './explorer-view.js';
import { KernelRequests } from './requests.js';

/**
 * Shows outputs of `explore` (lib/src/display/explore.ts): what the kernel answers, or else the static page that lies
 * in the output.
 */

const MIME_TYPE = 'application/vnd.course.explorer+json';
/** How long (ms) the place stays empty while the kernel computes, before the static page is shown. */
const PATIENCE = 1_000;

/**
 * The extension. A renderer has to know its notebook, because that has the kernel: each notebook gets its own.
 *
 * @param {new (...args: any[]) => any} Widget Lumino's widget class
 * @param {any} INotebookTracker the token by which JupyterLab gives its list of open notebooks
 */
export function explorer(Widget, INotebookTracker) {
  const Explorer = makeExplorerClass(Widget);
  return {
    id: '@course/jupyterlab:explorer',
    description: 'Shows datasets page by page, with the kernel of the notebook.',
    autoStart: true,
    requires: [INotebookTracker],
    activate(/** @type {any} */ _app, /** @type {any} */ tracker) {
      const href = new URL('explorer.css', import.meta.url).href;
      document.head.append(element('link', { rel: 'stylesheet', href }));
      const serve = (/** @type {any} */ panel) => {
        const { rendermime } = panel.content;
        rendermime.addFactory({
          safe: true,
          mimeTypes: [MIME_TYPE],
          createRenderer: () => new Explorer(panel.sessionContext, () => rendermime.createRenderer('text/html')),
        }, 0);
      };
      tracker.forEach(serve);
      tracker.widgetAdded.connect((/** @type {any} */ _, /** @type {any} */ panel) => serve(panel));
    },
  };
}

/** @param {new (...args: any[]) => any} Widget */
function makeExplorerClass(Widget) {
  return class CourseExplorer extends Widget {
    /**
     * @param {any} context JupyterLab's session of the notebook
     * @param {() => any} createHtmlRenderer
     */
    constructor(context, createHtmlRenderer) {
      super();
      this.addClass('course-explorer');
      this.context = context;
      this.createHtmlRenderer = createHtmlRenderer;
      context.kernelChanged.connect(this.connect, this);
      context.statusChanged.connect(this.onStatus, this);
    }

    async renderModel(/** @type {any} */ model) {
      this.model = model;
      await this.connect();
    }

    /** Asks the notebook's present kernel whether it knows this explorer. */
    async connect() {
      this.disconnect();
      const kernel = this.context.session?.kernel;
      if (!this.model || this.isDisposed) return;
      if (!kernel) {
        await this.showStaticPage();
        return;
      }
      const timer = setTimeout(() => void this.showStaticPage('The kernel is busy.'), PATIENCE);
      const requests = this.requests = new KernelRequests(kernel);
      const view = this.view = new ExplorerView(this.model.data[MIME_TYPE], async (name, request) => {
        const answer = await requests.ask(name, request);
        if (answer.data.isGone) {
          // Not before who asked has heard it.
          setTimeout(() => this.requests === requests && void this.giveUp());
          throw new Error('The kernel does not know this explorer any more.');
        }
        return answer;
      });
      try {
        await view.start();
        if (this.requests === requests) this.show(view.node);
      } catch {
        if (this.requests === requests) await this.giveUp();
      } finally {
        clearTimeout(timer);
      }
    }

    disconnect() {
      this.view?.dispose();
      this.requests?.dispose();
      this.view = this.requests = undefined;
    }

    async giveUp() {
      this.disconnect();
      await this.showStaticPage();
    }

    onStatus(/** @type {any} */ _, /** @type {string} */ status) {
      if (['restarting', 'autorestarting', 'terminating', 'dead'].includes(status) && this.requests) void this.giveUp();
    }

    async showStaticPage(hint = 'Run the cell again to browse.') {
      const page = this.createHtmlRenderer();
      await page.renderModel(this.model);
      if (this.isDisposed || this.view?.node.isConnected) {
        page.dispose();
        return;
      }
      const line = document.createElement('p');
      line.className = 'course-explorer-hint';
      line.textContent = hint;
      this.show(line, page.node);
      this.page = page;
    }

    show(/** @type {HTMLElement[]} */ ...nodes) {
      this.page?.dispose();
      this.page = undefined;
      this.node.replaceChildren(...nodes);
    }

    dispose() {
      if (this.isDisposed) return;
      this.context.kernelChanged.disconnect(this.connect, this);
      this.context.statusChanged.disconnect(this.onStatus, this);
      this.disconnect();
      this.page?.dispose();
      super.dispose();
    }
  };
}
