// @ts-check
/// <reference lib="dom" />

/** Draws outputs of the type `application/vnd.plotly.v1+json` with the plotly.js that set-up puts beside this file. */

const MIME_TYPE = 'application/vnd.plotly.v1+json';

/**
 * The extension, for JupyterLab's list of MIME renderers.
 *
 * @param {new (...args: any[]) => any} Widget Lumino's widget class
 */
export function figures(Widget) {
  const Figure = makeFigureClass(Widget);
  return {
    id: '@course/jupyterlab:figures',
    description: 'Draws Plotly figures with the installed plotly.js.',
    rendererFactory: { safe: true, mimeTypes: [MIME_TYPE], defaultRank: 50, createRenderer: () => new Figure() },
    rank: 0,
    dataType: 'json',
  };
}

/** @type {Promise<any> | undefined} */
let plotly;

/** Loads plotly.js when the first figure is drawn: most pages of JupyterLab never need its 10 MB. */
function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = new URL('plotly.js', import.meta.url).href;
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
      annotationdefaults: { arrowcolor: color('--jp-ui-font-color1') },
      modebar: { bgcolor: 'rgba(0,0,0,0)', color: color('--jp-ui-font-color3'), activecolor: color('--jp-ui-font-color1') },
      hoverlabel: { font: { family: color('--jp-ui-font-family') } },
    },
  };
}

/** @param {new (...args: any[]) => any} Widget */
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
      const { data = [], layout = {}, config = {} } = this.figure ?? {};
      try {
        const Plotly = await loadPlotly();
        if (this.isDisposed) return;
        this.node.setAttribute('role', 'img');
        this.node.setAttribute('aria-label', layout.meta?.alt ?? layout.title?.text ?? 'Figure');
        this.node.style.height = `${layout.height ?? 400}px`;
        await Plotly.react(this.node, data, { ...layout, template: themeTemplate() }, config);
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
