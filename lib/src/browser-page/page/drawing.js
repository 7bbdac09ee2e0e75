// @ts-check

const { arrayOf } = require('../../arrays');

/** Of the paper's pixels: width of a stroke, and how far an arrow key moves the pen. */
const STROKE = 22;
const STEP = 10;
const LONG_STEP = 40;

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Black strokes on white paper, by mouse, pen, finger or keyboard. */
exports.Drawing = class Drawing {
  isEmpty = true;
  #canvas;
  #context;
  #pen;
  #events;
  /** Where the keyboard's pen is. */
  #at;
  #isLowered = false;
  /** @type {{ id: number, x: number, y: number } | undefined} the pointer that draws */
  #pointer;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} pen shows where the keyboard's pen is
   * @param {{ drawn(): void, cleared(): void, said(text: string): void }} events
   */
  constructor(canvas, pen, events) {
    this.#canvas = canvas;
    this.#pen = pen;
    this.#events = events;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('the browser has no canvas');
    this.#context = context;
    this.#at = { x: canvas.width / 2, y: canvas.height / 2 };
    this.clear();
    canvas.addEventListener('pointerdown', (event) => this.#start(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      canvas.addEventListener(end, () => void (this.#pointer = undefined));
    }
    canvas.addEventListener('keydown', (event) => this.#press(event));
    canvas.addEventListener('blur', () => this.#setLowered(false));
  }

  clear() {
    const { width, height } = this.#canvas;
    Object.assign(this.#context, {
      fillStyle: '#fff', strokeStyle: '#000', lineWidth: STROKE, lineCap: 'round', lineJoin: 'round',
    });
    this.#context.fillRect(0, 0, width, height);
    this.isEmpty = true;
    this.#setLowered(false);
  }

  /** `[height, width]`, uint8 */
  pixels() {
    const { width, height } = this.#canvas;
    const { data } = this.#context.getImageData(0, 0, width, height);
    return arrayOf(Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]), [height, width]);
  }

  #start(/** @type {PointerEvent} */ event) {
    if (event.button !== 0 || this.#pointer) return;
    this.#canvas.setPointerCapture(event.pointerId);
    const place = this.#placeOf(event);
    this.#pointer = { id: event.pointerId, ...place };
    this.#line(place, place);
  }

  #move(/** @type {PointerEvent} */ event) {
    const pointer = this.#pointer;
    if (pointer?.id !== event.pointerId) return;
    // A fast stroke has more places than the screen shows frames.
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length > 0 ? all : [event]) {
      const place = this.#placeOf(one);
      this.#line(pointer, place);
      Object.assign(pointer, place);
    }
  }

  #press(/** @type {KeyboardEvent} */ event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (!arrow && event.key !== ' ' && event.key !== 'Escape') return;
    event.preventDefault();
    if (event.key === 'Escape') {
      this.clear();
      this.#events.cleared();
    } else if (arrow) {
      const from = this.#at;
      const step = event.shiftKey ? LONG_STEP : STEP;
      const moved = (/** @type {number} */ place, /** @type {number} */ by, /** @type {number} */ side) =>
        Math.max(STEP, Math.min(side - STEP, place + by * step));
      this.#at = {
        x: moved(from.x, arrow[0], this.#canvas.width), y: moved(from.y, arrow[1], this.#canvas.height),
      };
      if (this.#isLowered) this.#line(from, this.#at);
    } else if (!event.repeat) {
      this.#setLowered(!this.#isLowered);
      if (this.#isLowered) this.#line(this.#at, this.#at);
    }
    this.#showPen();
    const { x, y } = this.#at;
    const state = event.key === 'Escape' ? 'Paper cleared. Pen' : 'Pen';
    this.#events.said(`${state} ${this.#isLowered ? 'lowered' : 'lifted'}, column ${x / STEP}, row ${y / STEP}.`);
  }

  #line(/** @type {{ x: number, y: number }} */ from, /** @type {{ x: number, y: number }} */ to) {
    this.#context.beginPath();
    this.#context.moveTo(from.x, from.y);
    // A line without length is a dot.
    this.#context.lineTo(to.x, to.y);
    this.#context.stroke();
    this.isEmpty = false;
    this.#events.drawn();
  }

  #setLowered(/** @type {boolean} */ isLowered) {
    this.#isLowered = isLowered;
    this.#showPen();
  }

  #showPen() {
    const { width, height } = this.#canvas;
    this.#pen.style.left = `${(100 * this.#at.x) / width}%`;
    this.#pen.style.top = `${(100 * this.#at.y) / height}%`;
    this.#pen.classList.toggle('lowered', this.#isLowered);
  }

  /** In pixels of the paper, whatever its size on the screen. */
  #placeOf(/** @type {PointerEvent} */ event) {
    const { clientLeft, clientTop, clientWidth, clientHeight, width, height } = this.#canvas;
    const box = this.#canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left - clientLeft) * width) / clientWidth,
      y: ((event.clientY - box.top - clientTop) * height) / clientHeight,
    };
  }
};
