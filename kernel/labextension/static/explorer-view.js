// @ts-check
/// <reference lib="dom" />

import { element } from './element.js';
import { PictureDialog } from './picture-dialog.js';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} title
 * @property {number} count
 * @property {number[]} counts images of each class
 *
 * @typedef {object} Dataset what `explore` has put into the notebook
 * @property {string} id
 * @property {string} title
 * @property {string} summary
 * @property {boolean} isDrawn
 * @property {string[]} classNames
 * @property {number} pageSize
 * @property {Part[]} parts
 *
 * @typedef {(name: string, request: object) => Promise<{ data: any, buffers: DataView[] }>} Ask
 *
 * @typedef {{ part: Part, label: number | null, page: number }} Shown a part, a class or all of them (null), a page
 *
 * @typedef {object} Page pictures that are loaded and can be shown at once
 * @property {{ index: number, label: number }[]} pictures
 * @property {HTMLButtonElement[]} buttons
 * @property {string[]} addresses of the pictures' bytes, to be given back
 */

const countText = (/** @type {number} */ count) => count.toLocaleString('en-US');

/** The dataset explorer: its own controls, and pages that come from the kernel. */
export class ExplorerView {
  /** @type {Dataset} */ #dataset;
  /** @type {Ask} */ #ask;
  /** Pages by what they show: the present one and its neighbours. @type {Map<string, Promise<Page>>} */
  #pages = new Map();
  /** @type {Page} */ #page = { pictures: [], buttons: [], addresses: [] };
  /** @type {Shown} */
  #shown;
  /** Counts what was asked to be shown, so that an old answer does not replace a newer one. */
  #turns = 0;
  #focused = 0;
  #dialog;

  #parts = element('div', { className: 'course-explorer-parts', role: 'group', ariaLabel: 'Part of the dataset' });
  #classes = element('select', { className: 'course-explorer-classes', ariaLabel: 'Class' });
  #first = pageButton('«', 'First page', () => this.#turnTo(0));
  #previous = pageButton('‹', 'Previous page', () => this.#turnTo(this.#shown.page - 1));
  #next = pageButton('›', 'Next page', () => this.#turnTo(this.#shown.page + 1));
  #last = pageButton('»', 'Last page', () => this.#turnTo(this.#pageCount() - 1));
  #number = element('input', { type: 'number', ariaLabel: 'Page' });
  #of = element('span');
  #index = element('input', { type: 'number', ariaLabel: 'Go to index', placeholder: 'index' });
  #grid = element('div', { className: 'course-explorer-grid', role: 'group' });
  #status = element('div', { className: 'course-explorer-status', role: 'status' });

  /**
   * @param {Dataset} dataset
   * @param {Ask} ask
   */
  constructor(dataset, ask) {
    this.#dataset = dataset;
    this.#ask = ask;
    this.#shown = { part: dataset.parts[0], label: null, page: 0 };
    this.#dialog = new PictureDialog({
      load: ({ index }) => ask('explorer.picture', { explorer: dataset.id, part: this.#shown.part.name, index }),
      nameOf: (picture) => dataset.classNames[picture.label],
      step: (by) => this.#step(by),
      onClose: () => this.#page.buttons[this.#focused]?.focus(),
    });

    const { title, summary, isDrawn } = dataset;
    const heading = element('div', { className: 'course-explorer-heading' }, element('strong', {}, title));
    if (isDrawn) heading.append(element('span', { className: 'course-explorer-drawn' }, 'drawn, not real'));
    heading.append(element('span', {}, summary.slice(title.length).replace(/^: /, '')));
    const pager = element('div', { className: 'course-explorer-pager', role: 'group', ariaLabel: 'Pages' },
      this.#first, this.#previous, this.#number, this.#of, this.#next, this.#last);
    const jump = element('label', { className: 'course-explorer-jump' }, 'Go to', this.#index);
    const toolbar = element('div', { className: 'course-explorer-toolbar' }, this.#parts, this.#classes, pager, jump);
    this.node = element('section', { className: 'course-explorer-view', ariaLabel: `Explorer: ${summary}` },
      heading, toolbar, this.#grid, this.#status, this.#dialog.node);

    for (const part of dataset.parts.length > 1 ? dataset.parts : []) {
      this.#parts.append(element('button', { type: 'button', onclick: () => this.#choose(part, this.#shown.label) },
        part.title, element('span', {}, countText(part.count))));
    }
    this.#classes.onchange = () => {
      const { value } = this.#classes;
      void this.#choose(this.#shown.part, value === '' ? null : Number(value));
    };
    onEnter(this.#number, (number) => {
      const page = Math.min(this.#pageCount(), Math.max(1, Math.round(number) || 1));
      void this.#turnTo(page - 1);
    });
    this.#number.onblur = () => this.#number.value = String(this.#shown.page + 1);
    onEnter(this.#index, (index) => void this.#goTo(index));
    this.#grid.onkeydown = (event) => this.#onKey(event);
    this.#grid.addEventListener('focusin', ({ target }) => {
      const position = this.#page.buttons.findIndex((button) => button === target);
      if (position >= 0 && position !== this.#focused) this.#focus(position, false);
    });
  }

  /** Loads the first page; rejects if the kernel does not know this explorer. */
  async start() {
    await this.#show({ ...this.#shown }, { isFirst: true });
  }

  dispose() {
    this.#turns += 1;
    this.#dialog.dispose();
    for (const key of [...this.#pages.keys()]) this.#forget(key);
  }

  #total({ part, label } = this.#shown) {
    return label === null ? part.count : part.counts[label];
  }

  #pageCount(shown = this.#shown) {
    return Math.max(1, Math.ceil(this.#total(shown) / this.#dataset.pageSize));
  }

  #choose(/** @type {Part} */ part, /** @type {number | null} */ label) {
    // A class that the other part does not have would be an empty page.
    return this.#show({ part, label: label !== null && part.counts[label] > 0 ? label : null, page: 0 });
  }

  #turnTo(/** @type {number} */ page) {
    return this.#show({ ...this.#shown, page });
  }

  /** Shows the page that holds an image, among those of all classes. */
  async #goTo(/** @type {number} */ index) {
    const { part } = this.#shown;
    if (!(index >= 0 && index < part.count)) {
      const last = countText(part.count - 1);
      this.#status.textContent = `There is no image ${this.#index.value}: they are numbered from 0 to ${last}.`;
      return;
    }
    const { pageSize } = this.#dataset;
    const wanted = { part, label: null, page: Math.floor(index / pageSize) };
    const isShown = await this.#show(wanted, { focus: Math.floor(index) % pageSize });
    if (!isShown) return;
    this.#index.value = '';
    this.#page.buttons[this.#focused]?.focus();
  }

  /**
   * Shows a page. The present one stays until all pictures of the new one can be drawn.
   *
   * @param {Shown} wanted
   * @param {{ focus?: number, isFirst?: boolean }} [options] which picture the keyboard starts from
   * @returns whether it is shown: not if something else was asked for meanwhile, or it could not be had
   */
  async #show(wanted, { focus = 0, isFirst = false } = {}) {
    const turn = this.#turns += 1;
    const hadFocus = this.#grid.contains(document.activeElement);
    this.#grid.setAttribute('aria-busy', 'true');
    try {
      const page = await this.#load(wanted);
      if (turn !== this.#turns) return false;
      this.#shown = wanted;
      this.#page = page;
      this.#grid.replaceChildren(...page.buttons);
      this.#focus(Math.min(focus, page.buttons.length - 1), hadFocus);
      this.#describe();
      this.#prefetch();
      return true;
    } catch (error) {
      if (isFirst) throw error;
      if (turn === this.#turns) {
        this.#describe();
        this.#status.textContent = `The page could not be loaded: ${error instanceof Error ? error.message : error}`;
      }
      return false;
    } finally {
      if (turn === this.#turns) this.#grid.removeAttribute('aria-busy');
    }
  }

  #key({ part, label, page } = this.#shown) {
    return `${part.name} ${label} ${page}`;
  }

  #load(/** @type {Shown} */ wanted) {
    const key = this.#key(wanted);
    const known = this.#pages.get(key);
    if (known) return known;
    const loading = this.#request(wanted);
    this.#pages.set(key, loading);
    // One that failed is asked for again.
    loading.catch(() => this.#pages.delete(key));
    return loading;
  }

  /** @returns {Promise<Page>} */
  async #request(/** @type {Shown} */ { part, label, page }) {
    const request = { explorer: this.#dataset.id, part: part.name, label, page };
    const { data, buffers } = await this.#ask('explorer.page', request);
    const { pictures, type } = /** @type {{ pictures: Page['pictures'], type: string }} */ (data);
    const addresses = buffers.map((bytes) => URL.createObjectURL(new Blob([/** @type {any} */ (bytes)], { type })));
    const buttons = pictures.map((picture, position) => {
      const name = this.#dataset.classNames[picture.label];
      const image = element('img', { src: addresses[position], alt: '', draggable: false });
      const caption = element('span', {}, label === null ? name : countText(picture.index));
      const title = `image ${picture.index}: ${name}`;
      const button = element('button', { type: 'button', tabIndex: -1, title, ariaLabel: title }, image, caption);
      button.onclick = () => this.#open(position);
      return button;
    });
    await Promise.all(buttons.map((button) => button.querySelector('img')?.decode()));
    return { pictures, buttons, addresses };
  }

  /** Loads the next page before it is asked for, and lets all go but the present page and its neighbours. */
  #prefetch() {
    const { page } = this.#shown;
    const near = [page - 1, page, page + 1].map((each) => this.#key({ ...this.#shown, page: each }));
    for (const key of [...this.#pages.keys()]) {
      if (!near.includes(key)) this.#forget(key);
    }
    // If it fails, so will the page itself, and says why.
    if (page + 1 < this.#pageCount()) this.#load({ ...this.#shown, page: page + 1 }).catch(() => {});
  }

  #forget(/** @type {string} */ key) {
    const page = this.#pages.get(key);
    this.#pages.delete(key);
    page?.then(({ addresses }) => addresses.forEach((each) => URL.revokeObjectURL(each)), () => {});
  }

  /** Brings the controls in line with what is shown. */
  #describe() {
    const { part, label, page } = this.#shown;
    const { classNames, parts, pageSize } = this.#dataset;
    [...this.#parts.children].forEach((button, i) => button.setAttribute('aria-pressed', String(parts[i] === part)));
    this.#classes.replaceChildren(
      element('option', { value: '' }, `All classes (${countText(part.count)})`),
      ...classNames.map((name, each) => {
        const count = part.counts[each];
        return element('option', { value: String(each), disabled: count === 0 }, `${name} (${countText(count)})`);
      }),
    );
    this.#classes.value = label === null ? '' : String(label);
    const pageCount = this.#pageCount();
    this.#number.value = String(page + 1);
    this.#of.textContent = `of ${countText(pageCount)}`;
    this.#first.disabled = this.#previous.disabled = page === 0;
    this.#next.disabled = this.#last.disabled = page === pageCount - 1;
    const [start, total] = [page * pageSize, this.#total()];
    const ofClass = label === null ? '' : `of class ${classNames[label]}`;
    const what = [part.title, 'images', ofClass].filter(Boolean).join(' ');
    const range = `${countText(start + 1)} to ${countText(start + this.#page.pictures.length)} of ${countText(total)}`;
    this.#status.textContent = `${what[0].toUpperCase()}${what.slice(1)}, ${range}`;
    this.#grid.setAttribute('aria-label', this.#status.textContent);
  }

  /** One picture at a time can be reached by Tab; arrows lead to the others. */
  #focus(/** @type {number} */ position, isWanted = true) {
    const { buttons } = this.#page;
    if (buttons[this.#focused]) buttons[this.#focused].tabIndex = -1;
    for (const button of buttons) button.tabIndex = -1;
    this.#focused = position;
    const button = buttons[position];
    if (!button) return;
    button.tabIndex = 0;
    if (isWanted) button.focus();
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    const { buttons } = this.#page;
    if (event.altKey || event.ctrlKey || event.metaKey || buttons.length === 0) return;
    const row = buttons.findIndex((button) => button.offsetTop > buttons[0].offsetTop);
    const columns = row < 0 ? buttons.length : row;
    const steps = /** @type {Record<string, () => unknown>} */ ({
      ArrowLeft: () => this.#step(-1),
      ArrowRight: () => this.#step(1),
      ArrowUp: () => this.#focused >= columns && this.#focus(this.#focused - columns),
      ArrowDown: () => this.#focused + columns < buttons.length && this.#focus(this.#focused + columns),
      Home: () => this.#focus(0),
      End: () => this.#focus(buttons.length - 1),
      PageUp: () => this.#shown.page > 0 && this.#turnTo(this.#shown.page - 1),
      PageDown: () => this.#shown.page + 1 < this.#pageCount() && this.#turnTo(this.#shown.page + 1),
    });
    if (!steps[event.key]) return;
    // The notebook would scroll.
    event.preventDefault();
    steps[event.key]();
  }

  /**
   * Goes to the next or the previous picture, also where that is on another page.
   *
   * @returns the picture, or undefined if there is none
   */
  async #step(/** @type {1 | -1} */ by) {
    const { pageSize } = this.#dataset;
    const position = this.#shown.page * pageSize + this.#focused + by;
    if (position < 0 || position >= this.#total()) return undefined;
    const page = Math.floor(position / pageSize);
    if (page === this.#shown.page) this.#focus(position % pageSize, !this.#dialog.isOpen);
    else if (!await this.#show({ ...this.#shown, page }, { focus: position % pageSize })) return undefined;
    return this.#page.pictures[this.#focused];
  }

  #open(/** @type {number} */ position) {
    this.#focus(position);
    void this.#dialog.open(this.#page.pictures[position]);
  }
}

/** In a cell JupyterLab keeps Enter from ending an input, so there comes neither a change nor a submit. */
function onEnter(/** @type {HTMLInputElement} */ input, /** @type {(value: number) => void} */ take) {
  input.onkeydown = (event) => {
    if (event.key === 'Enter') take(input.valueAsNumber);
  };
}

function pageButton(/** @type {string} */ text, /** @type {string} */ name, /** @type {() => unknown} */ onclick) {
  return element('button', { type: 'button', title: name, ariaLabel: name, onclick }, text);
}
