// @ts-check
/// <reference lib="dom" />

/**
 * A prebuilt JupyterLab extension, small enough to be written by hand. JupyterLab loads it as a container of
 * webpack's module federation: `init` gets the modules that JupyterLab shares, `get` gives one of ours. Ours are plain
 * ES modules that lie beside this file; each exports a function that takes what it needs of JupyterLab and returns the
 * extension.
 * https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html#prebuilt-extensions
 */
(() => {
  'use strict';

  const NAME = '@course/jupyterlab';
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;

  /** @type {Record<string, Record<string, { get(): Promise<() => any> }>>} */
  let scope = {};

  async function shared(/** @type {string} */ name) {
    const [module] = Object.values(scope[name] ?? {});
    if (!module) throw new Error(`${NAME}: JupyterLab does not share ${name}; expected JupyterLab 4.`);
    return (await module.get())();
  }

  /** @type {Record<string, () => Promise<any>>} */
  const modules = {
    async './renderers'() {
      const [{ figures }, { pictures }, { pages }, { Widget }] = await Promise.all([
        import(new URL('figures.js', here).href), import(new URL('pictures.js', here).href),
        import(new URL('page.js', here).href), shared('@lumino/widgets'),
      ]);
      return [figures(Widget), pictures(Widget), pages(Widget)];
    },
    async './explorer'() {
      const [{ explorer }, { Widget }, { INotebookTracker }] = await Promise.all([
        import(new URL('explorer.js', here).href), shared('@lumino/widgets'), shared('@jupyterlab/notebook'),
      ]);
      return explorer(Widget, INotebookTracker);
    },
  };

  const jupyterLab = /** @type {any} */ (window);
  jupyterLab._JUPYTERLAB ??= {};
  jupyterLab._JUPYTERLAB[NAME] = {
    init(/** @type {typeof scope} */ given) {
      scope = given;
    },
    async get(/** @type {string} */ name) {
      if (!modules[name]) throw new Error(`${NAME} has no module ${name}`);
      const extension = await modules[name]();
      return () => ({ __esModule: true, default: extension });
    },
  };
})();
