import type { Random } from '../../random';
import { choose, happens, oneOf, type Odds } from './choices';
import { Cloth, type Pattern } from './cloth';
import { ellipse, jitter, mirrored, rectangle, smooth, stroke, type Outline } from './outline';

/** The middle of the picture: garments seen from the front are symmetric about it. */
const middle = 14;

/** Most fabrics are bright: Fashion-MNIST's photographs are negatives, in which dark garments shine. */
const tone = (random: Random): number => (happens(random, 0.2) ? random.between(0.22, 0.5) : random.between(0.5, 1.05));

const pattern = (random: Random, plain: number): Pattern =>
  happens(random, plain) ? 'plain' : oneOf(random, ['bars', 'pinstripes', 'checks', 'checks', 'print', 'fade']);

type Sleeves = 'none' | 'short' | 'half' | 'long';
type Opening = 'none' | 'neck' | 'whole';
type Collar = 'none' | 'shirt' | 'lapel' | 'stand' | 'hood';

/** How often tops of a class are cut how: they overlap, as the real ones do. Lengths in pixels. */
interface Cut {
  readonly sleeves: Odds<Sleeves>;
  readonly opening: Odds<Opening>;
  readonly collar: Odds<Collar>;
  readonly length: readonly [number, number];
  readonly chest: readonly [number, number];
  /** Width at waist and hem, of the chest's. */
  readonly waist: readonly [number, number];
  readonly hem: readonly [number, number];
  /** How often: ribs at hem and cuffs, a belt, pockets, something printed on the chest; fabric without a pattern. */
  readonly ribs: number;
  readonly belt: number;
  readonly pockets: number;
  readonly print: number;
  readonly plain: number;
}

const tShirt: Cut = {
  sleeves: { short: 20, none: 2, half: 1, long: 1 },
  opening: { none: 9, neck: 1 },
  collar: { none: 14, shirt: 1 },
  length: [23.5, 27.5],
  chest: [5.6, 7.6],
  waist: [0.86, 1.02],
  hem: [0.92, 1.12],
  ribs: 0.03,
  belt: 0,
  pockets: 0.08,
  print: 0.45,
  plain: 0.65,
};

const pullover: Cut = {
  sleeves: { long: 14, half: 1 },
  opening: { none: 11, neck: 1 },
  collar: { none: 11, stand: 1, hood: 2, shirt: 1 },
  length: [20, 25],
  chest: [6.5, 8.3],
  waist: [0.9, 1.03],
  hem: [0.84, 1.02],
  ribs: 0.85,
  belt: 0,
  pockets: 0.05,
  print: 0.3,
  plain: 0.6,
};

const coat: Cut = {
  sleeves: { long: 19, half: 1 },
  opening: { whole: 15, none: 1 },
  collar: { lapel: 6, shirt: 1, stand: 3, hood: 1, none: 1 },
  length: [24.5, 27.8],
  chest: [6, 7.8],
  waist: [0.84, 1.03],
  hem: [1, 1.26],
  ribs: 0.08,
  belt: 0.2,
  pockets: 0.7,
  print: 0.02,
  plain: 0.8,
};

const shirt: Cut = {
  sleeves: { long: 9, half: 3, short: 3 },
  opening: { whole: 16, neck: 2, none: 1 },
  collar: { shirt: 15, stand: 1, none: 1 },
  length: [22.5, 26.5],
  chest: [5.5, 7],
  waist: [0.84, 1.02],
  hem: [0.9, 1.06],
  ribs: 0.02,
  belt: 0.01,
  pockets: 0.22,
  print: 0.04,
  plain: 0.4,
};

const dress: Cut = {
  sleeves: { none: 4, short: 2, half: 1, long: 1 },
  opening: { none: 6, whole: 1, neck: 1 },
  collar: { none: 7, shirt: 1 },
  length: [26.2, 27.8],
  chest: [3.2, 5.2],
  waist: [0.7, 1],
  hem: [0.95, 2],
  ribs: 0,
  belt: 0.3,
  pockets: 0.03,
  print: 0.03,
  plain: 0.5,
};

function drawTop(cut: Cut, random: Random, cloth: Cloth): void {
  cloth.begin(random, pattern(random, cut.plain));
  const bright = tone(random);
  const among = ([low, high]: readonly [number, number]): number => random.between(low, high);
  const sleeves = choose(random, cut.sleeves);
  const opening = choose(random, cut.opening);
  const collar = choose(random, cut.collar);
  const length = among(cut.length);
  const chest = among(cut.chest);
  const waist = chest * among(cut.waist);
  const hem = Math.min(12, chest * among(cut.hem));
  const top = 27.8 - length > 3 ? random.between(0.5, 2.5) : 0.6;
  const bottom = Math.min(27.8, top + length);
  const slope = random.between(0.8, 2.2);
  const neck = random.between(1.8, 3.2);
  const isWide = sleeves === 'none' && happens(random, 0.5);
  const shoulder = Math.max(neck + 0.9, sleeves === 'none' ? chest * random.between(0.55, 1)
    : chest * random.between(0.88, 1.04));
  const armpit = top + random.between(6, 8.5);
  const depth = happens(random, 0.3) ? random.between(2.5, 5.5) : random.between(0.7, 2.4);
  const waistAt = top + (bottom - top) * random.between(0.45, 0.62);

  drawSleeves(cut, sleeves, { top: top + slope, shoulder, armpit, chest, bright }, random, cloth);

  // The inside of the back shows above the front.
  const isBackShown = collar === 'none' || collar === 'shirt';
  if (isBackShown) {
    const back = [middle - neck, top, middle - neck * 0.5, top - 0.1, middle + neck * 0.5, top - 0.1, middle + neck,
      top];
    cloth.sew([[...back, middle, top + depth]], bright * random.between(0.3, 0.75));
  }
  if (collar === 'hood') {
    cloth.sew([ellipse(middle, top + 2.2, neck + random.between(0.8, 2), random.between(2, 3.4))], bright * 0.95);
    cloth.shade([ellipse(middle, top + 2.4, neck * 0.75, 1.7)], random.between(0.35, 0.7));
  }
  const isV = happens(random, 0.3);
  const front = collar === 'stand' ? 0.4 : depth;
  const neckline: Outline = isV ? [middle, top + front] : [middle - neck * 0.55, top + front * 0.8, middle,
    top + front];
  const half: Outline = [
    ...[...neckline.slice(-2), ...(isV ? [] : neckline.slice(0, 2)), middle - neck, top],
    ...[middle - shoulder, top + slope * (isWide ? 0.4 : 1)],
    ...[middle - chest * (sleeves === 'none' ? 0.97 : 1), armpit, middle - waist, waistAt],
    ...[middle - (waist + hem) / 2, (waistAt + bottom) / 2, middle - hem, bottom - random.between(0, 0.8)],
    ...[middle - hem * 0.5, bottom],
  ];
  cloth.sew([mirrored(jitter(half, 0.12, random), middle)], bright);

  if (happens(random, 0.6)) {
    const light = random.between(0.75, 1.12);
    for (const way of [-1, 1]) {
      cloth.shade(stroke([middle + way * chest * 0.93, armpit, middle + way * waist * 0.93, waistAt,
        middle + way * hem * 0.93, bottom], 1.3), light);
    }
  }
  const folds = random.below(3);
  for (let i = 0; i < folds; i++) {
    const x = middle + random.between(-0.7, 0.7) * waist;
    const fold = [x, waistAt + random.between(-3, 3), x + random.between(-1.5, 1.5), bottom];
    cloth.shade(stroke(fold, random.between(0.6, 1.6), 0.6), random.between(0.7, 1.15));
  }
  if (happens(random, cut.print)) drawPrint(bright, (armpit + waistAt) / 2, chest, random, cloth);
  if (collar === 'stand') cloth.sew([rectangle(middle - neck, top - 1, middle + neck, top + 1.4)],
    bright * random.between(0.75, 1.1));
  if (collar === 'shirt' || collar === 'lapel') drawCollar(collar, bright, top, neck, depth, random, cloth);
  if (opening !== 'none') {
    const end = opening === 'whole' ? bottom : top + depth + random.between(3, 7);
    drawOpening(bright, top + (collar === 'stand' ? 0 : depth), end, random, cloth);
  }
  if (happens(random, cut.ribs)) cloth.shade([rectangle(middle - hem - 1, bottom - 1.8, middle + hem + 1,
    bottom + 1)], random.between(0.55, 0.85));
  if (happens(random, cut.belt)) {
    const belt = rectangle(middle - waist - 0.6, waistAt - 0.7, middle + waist + 0.6, waistAt + 0.7);
    cloth.shade([belt], random.below(2) ? random.between(0.3, 0.75) : random.between(1.1, 1.4));
  }
  if (happens(random, cut.pockets)) drawPockets(bright, random.below(2) ? armpit + 1 : bottom - random.between(6, 9),
    chest, random, cloth);
}

/** Where sleeves begin: pixels from the top and from the middle. */
interface Shoulder {
  readonly top: number;
  readonly shoulder: number;
  readonly armpit: number;
  readonly chest: number;
  readonly bright: number;
}

function drawSleeves(cut: Cut, sleeves: Sleeves, at: Shoulder, random: Random, cloth: Cloth): void {
  if (sleeves === 'none') return;
  const reach = { short: [3.5, 7.5], half: [8.5, 14], long: [16.5, 22] }[sleeves];
  const length = random.between(reach[0], reach[1]);
  const spread = sleeves === 'short' ? random.between(0.4, 1.1) : random.between(0.1, 0.34);
  const stretch = length / Math.sqrt(1 + spread * spread);
  const cuff = sleeves === 'short' ? random.between(2.8, 4.6) : random.between(1.6, 3.2);
  const elbow = sleeves === 'short' ? 0 : random.between(-0.2, 0.9);
  const ribs = happens(random, cut.ribs) ? random.between(0.65, 0.92) : 1;
  const light = random.between(0.82, 1.1);
  for (const way of [-1, 1]) {
    const x = (value: number): number => middle + way * Math.min(13.6, value);
    const [endX, endY] = [at.shoulder + spread * stretch, Math.min(27.4, at.top + stretch)];
    const upper: Outline = [x(at.shoulder - 0.8), at.top - 0.7, x(at.shoulder + 0.25 * spread * stretch + 0.7),
      at.top + 0.22 * stretch];
    const outer: Outline = [x((at.shoulder + endX) / 2 + elbow + 0.5), at.top + 0.55 * stretch, x(endX), endY];
    const inner: Outline = [x(endX - cuff), endY + cuff * spread * 0.5,
      x(Math.max(at.chest - 0.6, (at.chest + endX - cuff) / 2)), (at.armpit + endY) / 2];
    const sleeve = jitter([...upper, ...outer, ...inner, x(at.chest - 1.5), at.armpit + 0.8, x(at.chest - 2),
      at.top + 1], 0.15, random);
    cloth.sew([sleeve], at.bright * light);
    // A shadow between sleeve and body; without it they would be one plane.
    cloth.shade(stroke([x(at.shoulder - 0.2), at.top + 1, x(at.chest - 0.2), at.armpit, x(at.chest - 0.2),
      Math.min(endY, at.armpit + 9)], 1), random.between(0.45, 0.9));
    if (ribs !== 1) cloth.shade(stroke([x(endX + 0.5), endY - 0.8, x(endX - cuff - 0.5), endY - 0.8], 1.8), ribs);
  }
}

function drawCollar(collar: Collar, bright: number, top: number, neck: number, depth: number, random: Random,
  cloth: Cloth): void {
  const reach = collar === 'lapel' ? random.between(4, 9) : random.between(1.5, 3.5);
  const width = collar === 'lapel' ? random.between(1.5, 3) : random.between(1, 2.2);
  const light = random.below(2) ? random.between(0.55, 0.85) : random.between(1.1, 1.35);
  for (const way of [-1, 1]) {
    const x = (value: number): number => middle + way * value;
    const leaf = [x(neck - 0.3), top - 0.5, x(neck + width * 0.5), top + 0.8, x(width * 0.9),
      top + depth + reach * 0.6, x(0), top + depth];
    cloth.sew([leaf], bright * light);
    cloth.shade(stroke([leaf[2], leaf[3], leaf[4], leaf[5], leaf[6], leaf[7]], 0.6), 0.6);
  }
}

function drawOpening(bright: number, from: number, to: number, random: Random, cloth: Cloth): void {
  const x = middle + 0.4 * random.normal();
  cloth.shade(stroke([x, from, x + 0.3 * random.normal(), to], random.between(0.5, 1.1)), random.between(0.25, 0.75));
  if (random.below(4) === 0) return;
  const isDark = random.below(2) === 0;
  const step = random.between(2, 4.5);
  const size = random.between(0.35, 0.8);
  const side = random.between(0, 0.9);
  for (let y = from + random.between(0.5, 2); y < to - 1; y += step) {
    cloth.paint([ellipse(x + side, y, size)], isDark ? bright * 0.25 : Math.min(1, bright * 1.4), 0.85);
  }
}

function drawPockets(bright: number, top: number, chest: number, random: Random, cloth: Cloth): void {
  const width = random.between(2, 3.4);
  const height = random.between(1, 3.2);
  const x = random.between(0.25, 0.4) * chest;
  const isPair = random.below(3) > 0;
  const factor = random.between(0.6, 0.9);
  for (const way of isPair ? [-1, 1] : [1]) {
    const [left, right] = way < 0 ? [middle - x - width, middle - x] : [middle + x, middle + x + width];
    cloth.shade(stroke([left, top, right, top, right, top + height, left, top + height, left, top], 0.5), factor);
    if (random.below(3) === 0) cloth.paint([rectangle(left, top, right, top + 0.8)], bright * 0.5, 0.6);
  }
}

/** A word, a badge or a picture on the chest. */
function drawPrint(bright: number, y: number, chest: number, random: Random, cloth: Cloth): void {
  const ink = bright > 0.55 ? random.between(0.05, 0.35) : random.between(0.7, 1);
  const x = middle + random.between(-0.25, 0.25) * chest;
  const width = random.between(0.25, 0.62) * chest;
  const kind = random.below(4);
  if (kind === 0) cloth.paint([ellipse(x, y, width, random.between(0.5, 1) * width)], ink, random.between(0.5, 1));
  else if (kind === 1) cloth.paint([rectangle(x - width, y - 2, x + width, y + random.between(0, 3))], ink,
    random.between(0.5, 1));
  else {
    const lines = kind === 2 ? 1 : 2 + random.below(3);
    for (let line = 0; line < lines; line++) {
      for (let letter = x - width; letter < x + width; letter += 1.3) {
        if (random.below(6) === 0) continue;
        const at = y + line * 1.7 - 1;
        cloth.paint([rectangle(letter, at + random.between(-0.2, 0.3), letter + random.between(0.5, 1), at + 1)], ink,
          0.85);
      }
    }
  }
}

function drawTrousers(random: Random, cloth: Cloth): void {
  cloth.begin(random, happens(random, 0.72) ? 'plain' : oneOf(random, ['fade', 'fade', 'pinstripes', 'print',
    'checks']));
  const bright = tone(random);
  const top = random.between(0.4, 1);
  const isShort = happens(random, 0.04);
  const bottom = isShort ? random.between(16, 22) : random.between(26.5, 27.8);
  const waist = random.between(3.4, 5);
  const hip = waist + random.between(0.2, 1.4);
  const crotch = top + random.between(6.5, 10.5);
  const gap = happens(random, 0.2) ? 0 : random.between(0.3, 2.2);
  const ankle = random.between(2, 3.6) + (happens(random, 0.12) ? random.between(0.5, 2.2) : 0);
  const knee = random.between(2.4, 3.6);
  const spread = random.between(0, 1.2);
  const kneeAt = (crotch + bottom) / 2;
  for (const way of [-1, 1]) {
    const x = (value: number): number => middle + way * value;
    const leg = [
      ...[x(-0.2), top, x(waist), top, x(hip), top + 5, x(hip), crotch],
      ...[x(gap * 0.7 + spread * 0.5 + knee), kneeAt, x(gap + spread + ankle), bottom],
      ...[x(gap + spread), bottom + random.between(-0.4, 0.3), x(gap * 0.7 + spread * 0.5), kneeAt, x(0), crotch],
    ];
    cloth.sew([jitter(leg, 0.12, random)], bright * random.between(0.92, 1));
    if (happens(random, 0.5)) {
      const line = [x(hip * 0.6), top + 3, x(gap * 0.7 + spread * 0.5 + knee * 0.5), kneeAt,
        x(gap + spread + ankle * 0.5), bottom];
      cloth.shade(stroke(line, random.between(0.6, 1.8)), random.between(0.72, 1.2));
    }
    if (happens(random, 0.4)) cloth.shade(stroke([x(waist), top + 1.5, x(waist - 2), top + 4], 0.6), 0.6);
  }
  if (gap < 0.6) cloth.shade(stroke([middle, crotch, middle, bottom], random.between(0.5, 1)),
    random.between(0.25, 0.8));
  if (happens(random, 0.6)) cloth.shade([rectangle(middle - 7, top - 0.5, middle + 7, top + 1.4)],
    random.between(0.6, 1.15));
  if (happens(random, 0.5)) cloth.shade(stroke([middle, top, middle, crotch - 1], 0.6), 0.7);
}

/** Points of a shoe over a sole that rises towards the heel: from the toe (left) at 0 to the heel (right) at 27. */
function onSole(points: Outline, ground: number, heel: number): Outline {
  return points.map((value, i) => {
    if (i % 2 === 0) return value;
    const along = Math.min(1, Math.max(0, (points[i - 1] - 8) / 13));
    return ground - heel * along * along * (3 - 2 * along) - value;
  });
}

/** Sneakers and ankle boots: the same last, with a shaft, a heel and a sole that one of them has more often. */
function drawShoe(isBoot: boolean, random: Random, cloth: Cloth): void {
  cloth.begin(random, happens(random, isBoot ? 0.8 : 0.65) ? 'plain' : oneOf(random, ['print', 'checks', 'fade',
    'pinstripes']));
  const bright = tone(random);
  const isHigh = happens(random, isBoot ? 0.95 : 0.08);
  const shaft = isHigh ? random.between(12.5, 20.5) : random.between(6.8, 11.5);
  const heel = isBoot && happens(random, 0.45) ? random.between(1.5, 6.5) : random.between(0, 0.7);
  const sole = isBoot ? random.between(0.5, 2.4) : random.between(1.2, 3.2);
  const ground = Math.min(27.4, 14 + (shaft + heel + sole) / 2 + random.between(0.5, 2.5));
  const toe = isBoot ? random.between(3.2, 6) : random.between(3, 5.2);
  const throat = random.between(11, 15.5);
  const instep = Math.min(shaft - 0.5, random.between(6.2, 9));
  const back = random.between(24.8, 27);
  const shaftFront = isHigh ? throat + random.between(0, 2.8) : throat;
  const dip = isHigh ? random.between(-0.5, 1) : random.between(1, 3);
  const lift = (points: Outline): Outline => onSole(points, ground - sole, heel);

  const upper = smooth(
    jitter(
      [
        ...[0.8, 0, 0.9, toe * 0.55, 3.2, toe, 7.5, (toe + instep) * 0.5 + random.between(-0.3, 0.5), throat - 0.8,
          instep],
        ...[shaftFront, shaft, (shaftFront + back) / 2, shaft - dip, back - 0.6, shaft - random.between(0, 0.8)],
        ...[back - random.between(-0.2, 0.9), shaft * 0.5, back, 0, 20, -0.2, 8, -0.2],
      ],
      0.15,
      random,
    ),
    true,
    3,
  );
  cloth.sew([lift(upper)], bright);
  if (isHigh || happens(random, 0.5)) {
    cloth.shade([lift(ellipse((shaftFront + back) / 2, shaft - dip * 0.4, (back - shaftFront) * 0.42, 0.8))],
      random.between(0.2, 0.7));
  }

  const soleTone = random.below(3) ? random.between(0.6, 1) : random.between(0.1, 0.45);
  const soleEdge = [0.3, 0.6, 8, 0.1, back + 0.3, 0.5, back + 0.4, -sole, 20, -sole, 8, -sole, 1, -sole * 0.8];
  cloth.paint([lift(soleEdge)], soleTone);
  if (heel > 1) {
    const width = happens(random, 0.3) ? random.between(1, 2) : random.between(3, 7);
    const top = ground - heel - 0.4;
    cloth.paint([[back + 0.3 - width * 1.2, top, back + 0.3, top, back - 0.2, ground, back - 0.2 - width, ground]],
      soleTone);
  } else if (happens(random, 0.4)) cloth.shade([lift(stroke([1, -sole * 0.5, back, -sole * 0.5], 0.5)[0])], 0.6);

  if (happens(random, 0.6)) cloth.shade([lift([0.4, 0, 0.4, toe + 1, 5, toe + 2, 6.5, 0])], random.between(0.6, 1.3));
  if (happens(random, 0.5)) cloth.shade([lift([back - 4, 0, back + 1, 0, back + 1, shaft, back - 3, shaft * 0.8])],
    random.between(0.6, 1.25));
  if (happens(random, isBoot ? 0.4 : 0.8)) {
    const laces = 2 + random.below(4);
    const lace = random.below(2) ? 1 : 0.15;
    const end = isHigh ? shaft * 0.85 : instep;
    for (let i = 0; i < laces; i++) {
      const part = (i + 0.5) / laces;
      const x = 7.5 + (shaftFront - 6.8) * part;
      const y = (toe + instep) * 0.5 + (end - (toe + instep) * 0.5) * part;
      cloth.paint(stroke(lift([x - 0.6, y + 0.2, x + 1.8, y - 1.6]), 0.7), lace * Math.max(0.5, bright), 0.8);
    }
  }
  if (happens(random, isBoot ? 0.12 : 0.55)) {
    const stripes = 1 + random.below(3);
    const ink = bright > 0.5 ? random.between(0.05, 0.4) : random.between(0.7, 1);
    const lean = random.between(-3, 4);
    for (let i = 0; i < stripes; i++) {
      const x = 12 + 2.4 * i + random.between(0, 2);
      cloth.paint(stroke(lift([x, 1, x + lean, Math.min(instep, shaft) - 1]), random.between(0.7, 1.5)), ink, 0.8);
    }
  }
  if (isBoot && happens(random, 0.35)) {
    const x = random.between(16, 21);
    cloth.shade([lift([x, shaft - 0.5, x + 3, shaft - 0.8, x + 2.5, shaft * 0.45, x + 0.6, shaft * 0.45])],
      random.between(0.4, 0.75));
  }
  if (isBoot && happens(random, 0.25)) cloth.shade(stroke(lift([throat - 1, shaft * 0.6, back, shaft * 0.5]), 1.2),
    random.between(0.4, 0.7));
}

function drawSandal(random: Random, cloth: Cloth): void {
  cloth.begin(random, oneOf(random, ['plain', 'plain', 'plain', 'print', 'fade']));
  const bright = tone(random);
  const kind = random.fraction();
  // Flat sandals and mules, wedges, stilettos.
  const heel = kind < 0.5 ? random.between(0, 1) : kind < 0.72 ? random.between(2, 6) : random.between(6, 11);
  const sole = kind < 0.5 ? random.between(1, 2.6) : random.between(0.8, 2.2);
  const hasAnkle = happens(random, 0.6);
  const height = hasAnkle ? random.between(6, 11) : random.between(3.5, 6);
  const ground = Math.min(27.4, 14 + (height + heel + sole) / 2 + random.between(0, 2));
  const lift = (points: Outline): Outline => onSole(points, ground - sole, heel);
  const soleTone = random.below(2) ? bright * random.between(0.7, 1) : random.between(0.35, 0.9);
  const back = random.between(24.5, 27);
  cloth.sew([lift([0.6, 0.3, 8, 0, 15, 0, back, 0.4, back, -sole, 15, -sole, 8, -sole, 1, -sole * 0.7])], soleTone);
  if (kind >= 0.5 && kind < 0.72) cloth.sew([[...lift([9, 0, 15, 0, back, 0]), back - 0.3, ground, 9, ground]],
    soleTone);
  else if (heel > 1.5) {
    const top = ground - heel - 0.3;
    const width = random.between(0.8, 2.2);
    cloth.sew([[back - 3.2, top, back, top, back - 0.4, ground, back - 0.4 - width, ground]], soleTone);
  }
  const width = random.between(0.8, 2);
  const straps = happens(random, 0.15) ? 5 + random.below(4) : 2 + random.below(3);
  for (let i = 0; i < straps; i++) {
    const from = random.between(2, straps > 4 ? 18 : 9);
    const to = from + random.between(2, 7);
    const arch = random.between(2.2, 5.2);
    const line = smooth([from, 0, (from + to) / 2 - 1, arch * 0.85, to, arch * random.between(0.4, 1)], false, 3);
    cloth.sew(stroke(lift(line), width * random.between(0.7, 1.4)), bright * random.between(0.8, 1.1));
  }
  if (happens(random, 0.3)) cloth.sew([lift([2.5, 0, 4, 3, 9, 4.6, 11, 0])], bright);
  if (hasAnkle) {
    const front = random.between(13, 18);
    const round = smooth([front, height - random.between(0, 2), (front + back) / 2, height, back - 0.8, height - 0.6],
      false, 3);
    cloth.sew(stroke(lift(round), width * random.between(0.8, 1.3)), bright);
    cloth.sew(stroke(lift([back - 0.9, 0, back - 0.6, height]), width * random.between(0.8, 2)), bright * 0.95);
    if (happens(random, 0.35)) cloth.sew(stroke(lift([random.between(6, 10), 3, front, height - 1]), width), bright);
    else if (happens(random, 0.5)) cloth.sew(stroke(lift([random.between(14, 20), 0, front, height - 1]), width),
      bright);
    if (happens(random, 0.5)) cloth.paint([ellipse(front + 2, lift([front + 2, height - 0.7])[1], 0.8)], 1, 0.8);
  } else if (happens(random, 0.35)) {
    cloth.sew(stroke(lift([9 + random.between(0, 4), 4.5, back - 2, 0]), width), bright * 0.9);
  }
}

function drawBag(random: Random, cloth: Cloth): void {
  cloth.begin(random, pattern(random, 0.62));
  const bright = tone(random);
  const half = random.between(7.5, 13.2);
  const height = random.between(9, 24);
  const taper = random.between(-0.12, 0.22);
  const hasHandle = happens(random, 0.72);
  const handle = hasHandle ? Math.min(random.between(3, 13), 27 - height) : 0;
  const bottom = Math.min(27.4, 14 + (height + handle) / 2);
  const top = bottom - height;
  const round = random.between(0.3, 3);
  if (hasHandle && handle > 1.5) {
    const reach = random.between(0.25, 0.9) * half * (1 - taper);
    const isPointed = happens(random, 0.3);
    const width = random.between(0.6, 1.8);
    const arcs = happens(random, 0.35) ? [0, 1.4] : [0];
    for (const down of arcs) {
      const peak = top - handle + down;
      const line = isPointed
        ? [middle - reach, top + 1, middle, peak, middle + reach, top + 1]
        : smooth([middle - reach, top + 1.5, middle - reach * 0.9, (top + peak) / 2, middle - reach * 0.45,
          peak + 0.3, middle + reach * 0.45, peak + 0.3, middle + reach * 0.9, (top + peak) / 2, middle + reach,
          top + 1.5], false, 3);
      cloth.sew(stroke(line, width), bright * random.between(0.6, 1));
    }
  }
  const upper = half * (1 - taper);
  const sag = random.between(-0.5, 1.5);
  const halfBag = [
    ...[middle - 1, top + sag, middle - upper + round, top, middle - upper, top + round * 0.8],
    ...[middle - half, bottom - round, middle - half + round * 0.4, bottom - round * 0.3],
    ...[middle - half + round, bottom, middle - 1, bottom],
  ];
  cloth.sew([mirrored(jitter(halfBag, 0.15, random), middle)], bright);
  if (happens(random, 0.5)) {
    const flap = top + height * random.between(0.25, 0.65);
    const curve = random.between(0, 2.5);
    cloth.sew([mirrored([middle, top, middle - upper, top, middle - upper * 1.02, flap - curve, middle - upper * 0.5,
      flap], middle)], bright * random.between(0.75, 1.2));
    cloth.shade(stroke([middle - upper, flap - curve, middle, flap + 0.3, middle + upper, flap - curve], 0.8),
      random.between(0.35, 0.75));
    if (happens(random, 0.6)) cloth.paint([rectangle(middle - 1.2, flap - 1.2, middle + 1.2, flap + 0.8)],
      random.below(2) ? 1 : 0.1, 0.9);
  } else if (happens(random, 0.6)) cloth.shade(stroke([middle - upper, top + 1.8, middle + upper, top + 1.8], 0.7),
    random.between(0.4, 0.8));
  if (happens(random, 0.35)) {
    const y = random.between(top + height * 0.45, bottom - 3);
    const x = half * random.between(0.4, 0.75);
    cloth.shade(stroke([middle - x, y, middle + x, y, middle + x, bottom - 1.5, middle - x, bottom - 1.5, middle - x,
      y], 0.6), random.between(0.55, 0.85));
  }
  if (happens(random, 0.35)) {
    for (const way of [-1, 1]) cloth.shade(stroke([middle + way * upper * 0.55, top, middle + way * half * 0.55,
      bottom], random.between(0.8, 1.8)), random.between(0.6, 1.25));
  }
  if (happens(random, 0.25)) {
    const way = random.below(2) ? 1 : -1;
    const strap = smooth([middle + way * upper, top + 1, middle + way * (half + 1.3), top + height * 0.4,
      middle + way * (half + 0.4), bottom - 1], false, 3);
    cloth.sew(stroke(strap, random.between(0.5, 1.1)), bright * 0.9);
  }
}

const cloth = new Cloth();

const drawings: readonly ((random: Random) => void)[] = [
  (random) => drawTop(tShirt, random, cloth),
  (random) => drawTrousers(random, cloth),
  (random) => drawTop(pullover, random, cloth),
  (random) => drawTop(dress, random, cloth),
  (random) => drawTop(coat, random, cloth),
  (random) => drawSandal(random, cloth),
  (random) => drawTop(shirt, random, cloth),
  (random) => drawShoe(false, random, cloth),
  (random) => drawBag(random, cloth),
  (random) => drawShoe(true, random, cloth),
];

/** Draws a garment of one of Fashion-MNIST's ten classes, grey on black, into `picture` (28 x 28 bytes). */
export function drawGarment(label: number, random: Random, picture: Uint8Array): void {
  drawings[label](random);
  cloth.develop(random, picture);
}
