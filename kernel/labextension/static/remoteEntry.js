// @ts-check
/// <reference lib="dom" />

/**
 * A prebuilt JupyterLab extension, small enough to be written by hand: it draws outputs of the type
 * `application/vnd.plotly.v1+json` with the plotly.js that set-up puts beside this file.
 *
 * JupyterLab loads a prebuilt extension as a container of webpack's module federation: `init` gets the modules that
 * JupyterLab shares (we need the Widget class of @lumino/widgets), `get` gives our module.
 * https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html#prebuilt-extensions
 */
(() => {
  'use strict';

  const MIME_TYPE = 'application/vnd.plotly.v1+json';
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;

  /** @type {Promise<any> | undefined} */
  let plotly;

  /** Loads plotly.js when the first figure is drawn: most pages of JupyterLab never need its 10 MB. */
  function loadPlotly() {
    plotly ??= new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = new URL('plotly.js', here).href;
      script.onload = () => resolve(/** @type {any} */ (window).Plotly);
      script.onerror = () => {
        plotly = undefined;
        reject(new Error(`plotly.js could not be loaded from ${script.src}. Run "npm run doctor" in the course's folder.`));
      };
      document.head.append(script);
    });
    return plotly;
  }

  /** The colours of JupyterLab's present theme, as a Plotly template: what a figure says itself wins. */
  function themeTemplate() {
    const style = getComputedStyle(document.body);
    const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim() || undefined;
    const axis = {
      gridcolor: color('--jp-border-color2'),
      linecolor: color('--jp-border-color1'),
      zerolinecolor: color('--jp-border-color1'),
      // Invisible ticks keep the numbers away from the axis.
      ticks: 'outside',
      ticklen: 5,
      tickcolor: 'rgba(0,0,0,0)',
      automargin: true,
    };
    return {
      layout: {
        font: { color: color('--jp-ui-font-color1'), family: color('--jp-ui-font-family'), size: 13 },
        paper_bgcolor: 'rgba(0,0,0,0)',
        plot_bgcolor: 'rgba(0,0,0,0)',
        xaxis: axis,
        yaxis: axis,
        modebar: { bgcolor: 'rgba(0,0,0,0)', color: color('--jp-ui-font-color3'), activecolor: color('--jp-ui-font-color1') },
        hoverlabel: { font: { family: color('--jp-ui-font-family') } },
      },
    };
  }

  const CONFIG = { responsive: true, displaylogo: false, showSendToCloud: false };

  /** @param {new (...args: any[]) => any} Widget Lumino's widget class */
  function makeFigureClass(Widget) {
    return class CourseFigure extends Widget {
      constructor() {
        super();
        this.addClass('course-figure');
        this.themeObserver = new MutationObserver(() => void this.draw());
      }

      /** Draws the figure, or redraws it in place when the kernel sends a new version of the same output. */
      async renderModel(/** @type {any} */ model) {
        this.figure = model.data[MIME_TYPE];
        await this.draw();
        this.themeObserver.observe(document.body, { attributeFilter: ['data-jp-theme-name'] });
      }

      async draw() {
        const { data = [], layout = {} } = this.figure ?? {};
        try {
          const Plotly = await loadPlotly();
          if (this.isDisposed) return;
          this.node.setAttribute('role', 'img');
          this.node.setAttribute('aria-label', layout.meta?.alt ?? layout.title?.text ?? 'Figure');
          this.node.style.height = `${layout.height ?? 400}px`;
          await Plotly.react(this.node, data, { ...layout, template: themeTemplate() }, CONFIG);
        } catch (error) {
          this.node.textContent = String(error);
        }
      }

      onResize() {
        const Plotly = /** @type {any} */ (window).Plotly;
        if (Plotly && this.isVisible && this.node.classList.contains('js-plotly-plot')) Plotly.Plots.resize(this.node);
      }

      dispose() {
        if (this.isDisposed) return;
        this.themeObserver.disconnect();
        /** @type {any} */ (window).Plotly?.purge(this.node);
        super.dispose();
      }
    };
  }

  /** @type {Record<string, Record<string, { get(): Promise<() => any> }>>} */
  let shared = {};

  async function mimeExtension() {
    const [widgets] = Object.values(shared['@lumino/widgets'] ?? {});
    if (!widgets) throw new Error('@course/figures: JupyterLab does not share @lumino/widgets; expected JupyterLab 4.');
    const { Widget } = (await widgets.get())();
    const CourseFigure = makeFigureClass(Widget);
    return {
      __esModule: true,
      default: {
        id: '@course/figures:plotly',
        description: 'Draws Plotly figures with the installed plotly.js.',
        rendererFactory: { safe: true, mimeTypes: [MIME_TYPE], defaultRank: 50, createRenderer: () => new CourseFigure() },
        rank: 0,
        dataType: 'json',
      },
    };
  }

  const jupyterLab = /** @type {any} */ (window);
  jupyterLab._JUPYTERLAB ??= {};
  jupyterLab._JUPYTERLAB['@course/figures'] = {
    init(/** @type {typeof shared} */ scope) {
      shared = scope;
    },
    async get(/** @type {string} */ name) {
      if (name !== './mimeExtension') throw new Error(`@course/figures has no module ${name}`);
      const module = await mimeExtension();
      return () => module;
    },
  };
})();
