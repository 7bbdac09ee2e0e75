// @ts-check

const { packedValues } = require('../../arrays');
const { inputOf, preparePicture } = require('../in-page/prepare');
const { Drawing } = require('./drawing');
const { byId, element } = require('./element');
const { layerView } = require('./layers');
const { PageModel } = require('./model');
const { readPhoto } = require('./photo');

/** @import { NdArray } from 'ndarray' */
/** @import { PageFacts } from '../facts' */

/** How long (ms) after a change the answer is computed: a stroke has many changes. */
const PAUSE = 60;
const MOST_CLASSES = 5;

/** @type {PageFacts} */
const facts = JSON.parse(byId('facts').textContent);
const { classNames, kind, preprocessing } = facts;

/** @type {import('./model').PageModel} */
let model;
/** @type {NdArray<Uint8Array> | undefined} the picture that was opened last, until the paper is used */
let photo;
let photoAddress = '';
/** @type {ReturnType<typeof layerView>[]} */
let layers = [];
let isAnswering = false;
let isChanged = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const paper = new Drawing(byId('paper'), byId('pen'), {
  drawn: () => {
    setPhoto(undefined);
    change();
  },
  cleared: () => clear(),
  said: (text) => void (byId('pen-state').textContent = text),
});

function change() {
  setBusy(true);
  clearTimeout(timer);
  timer = setTimeout(() => {
    timer = undefined;
    void answer();
  }, PAUSE);
}

/** Screen readers wait with the answer while it is about to change. */
const setBusy = (/** @type {boolean} */ isBusy) => byId('page').setAttribute('aria-busy', String(isBusy));

/** Answers the latest picture; one at a time, and what comes meanwhile after it. */
async function answer() {
  if (isAnswering) {
    isChanged = true;
    return;
  }
  isAnswering = true;
  try {
    const picture = photo ?? (paper.isEmpty ? undefined : paper.pixels());
    if (!picture) return showNothing();
    const prepared = preparePicture(picture, preprocessing, photo ? byId('style').value || undefined : facts.drawnLike);
    const result = await model.answer(inputOf(prepared.pixels, preprocessing));
    showAnswer(result.probabilities);
    showPrepared(prepared);
    showLayers(result.layers);
    say('');
  } catch (error) {
    showNothing();
    say(sentence(error));
  } finally {
    isAnswering = false;
    if (isChanged) {
      isChanged = false;
      change();
    } else if (timer === undefined) setBusy(false);
  }
}

/** @param {number[]} probabilities */
function showAnswer(probabilities) {
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
  const percent = (/** @type {number} */ i) => `${(100 * probabilities[i]).toFixed(1)} %`;
  const text = `The network says ${classNames[order[0]]}, with ${percent(order[0])}.`;
  // What has not changed is not said again.
  if (byId('answer').textContent !== text) byId('answer').textContent = text;
  byId('classes').replaceChildren(...order.slice(0, MOST_CLASSES).map((i) => {
    const bar = element('span', { className: 'bar', ariaHidden: 'true' });
    bar.style.setProperty('--probability', String(probabilities[i]));
    return element('li', {}, element('span', { className: 'name' }, classNames[i]), bar,
      element('span', { className: 'share' }, percent(i)));
  }));
}

/** @param {ReturnType<typeof preparePicture>} prepared */
function showPrepared({ pixels, steps }) {
  const seen = byId('seen');
  seen.hidden = byId('steps').hidden = false;
  const [height, width] = pixels.shape;
  paint(seen.querySelector('canvas'), pixels);
  seen.querySelector('figcaption').textContent = `What the network sees: ${width} × ${height} pixels`;
  byId('steps').querySelector('.maps').replaceChildren(...steps.map(({ name, picture }) => {
    const canvas = element('canvas', { role: 'img', ariaLabel: name });
    paint(canvas, picture);
    return element('figure', {}, canvas, element('figcaption', {}, name));
  }));
}

/** @param {import('./model').LayerOutput[]} outputs */
function showLayers(outputs) {
  if (layers.length === 0) {
    layers = outputs.map((output, i) => layerView(output, i === outputs.length - 1 ? classNames : undefined));
    byId('layers').replaceChildren(...layers.map(({ node }) => node));
  }
  outputs.forEach((output, i) => layers[i].update(output));
  byId('layers-help').hidden = false;
}

function showNothing() {
  byId('answer').textContent = kind === 'draw' ? 'Draw something, or open a picture.' : 'Open a picture.';
  byId('classes').replaceChildren();
  byId('seen').hidden = byId('steps').hidden = byId('layers-help').hidden = true;
  byId('layers').replaceChildren();
  layers = [];
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {NdArray<Uint8Array>} picture `[height, width]` or `[height, width, 3]`
 */
function paint(canvas, picture) {
  const [height, width, channels = 1] = picture.shape;
  Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const image = context.createImageData(width, height);
  const values = packedValues(picture);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = values[i * channels + (c % channels)];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

function clear() {
  paper.clear();
  setPhoto(undefined);
  say('');
  change();
}

/** @param {Blob | undefined | null} file */
async function open(file) {
  if (!file) return;
  setBusy(true);
  try {
    const picture = await readPhoto(file);
    paper.clear();
    setPhoto(picture, file);
    say('');
  } catch (error) {
    say(sentence(error));
    setBusy(false);
    return;
  }
  change();
}

/**
 * @param {NdArray<Uint8Array> | undefined} picture
 * @param {Blob} [file] that it was read from
 */
function setPhoto(picture, file) {
  photo = picture;
  if (photoAddress) URL.revokeObjectURL(photoAddress);
  photoAddress = file ? URL.createObjectURL(file) : '';
  const image = byId('photo');
  image.hidden = !file;
  if (!file) image.removeAttribute('src');
  else {
    image.src = photoAddress;
    image.alt = `The picture that was opened${file instanceof File ? `: ${file.name}` : ''}`;
  }
}

const say = (/** @type {string} */ text) => void (byId('problem').textContent = text);

function sentence(/** @type {unknown} */ error) {
  const { message } = /** @type {Error} */ (error);
  return message.charAt(0).toUpperCase() + message.slice(1);
}

function listen() {
  byId('clear').onclick = () => clear();
  const input = byId('file');
  input.onchange = () => {
    void open(input.files?.[0]);
    // The same file may be opened again.
    input.value = '';
  };
  byId('style').onchange = () => change();
  document.addEventListener('paste', (event) => {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (file) void open(file);
  });
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  document.addEventListener('dragleave', () => document.body.classList.remove('dropping'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    void open(event.dataTransfer?.files[0]);
  });
}

async function start() {
  // Who shows the page in a frame says by the address whether it is light or dark there.
  const [, scheme] = /^#(light|dark)$/.exec(location.hash) ?? [];
  if (scheme) document.documentElement.style.colorScheme = scheme;
  try {
    model = await PageModel.load(facts, byId('weights').textContent.trim());
  } catch (error) {
    byId('state').className = 'problem';
    byId('state').textContent = `The model could not be loaded: ${/** @type {Error} */ (error).message}. Try a newer ` +
      'browser, or make the page again.';
    return;
  }
  byId('state').textContent = '';
  byId('drawing').hidden = kind !== 'draw';
  byId('style-choice').hidden = preprocessing.color !== 'grey';
  byId('style').value = facts.openedLike ?? '';
  const engine = model.backend === 'webgl' ? 'the graphics processor (WebGL)' : 'the processor';
  byId('engine').textContent = `Computed in this page by TensorFlow.js ${facts.tensorFlowJs} on ${engine}. For a test ` +
    `picture its answer differs by at most ${model.deviation.toExponential(0)} from that of the notebook.`;
  listen();
  showNothing();
  byId('page').hidden = false;
}

void start();
