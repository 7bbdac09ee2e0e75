/** A point that the pen passes through; at a corner it turns at once, elsewhere it bends. */
export interface PathPoint {
  readonly x: number;
  readonly y: number;
  readonly isCorner: boolean;
}

/** One way to write a digit: the strokes between which the pen is lifted. */
export type Form = readonly (readonly PathPoint[])[];

/**
 * The ways to write each digit, in a box 100 wide and 100 high, x to the right and y down.
 * `!` marks a corner, `|` lifts the pen.
 */
const forms: readonly (readonly string[])[] = [
  [
    '50,0 10,30 14,80 50,100 90,70 86,22 46,2',
    '74,6 30,6 6,60 46,100 92,60 80,10 40,3',
    '44,2 84,16 90,74 50,100 10,74 14,20 56,0',
  ],
  ['50,0 50,50 50,100', '24,26 54,0! 52,50 50,100', '24,24 52,0! 51,50 50,100 | 18,100 84,99'],
  [
    '8,22 32,2 70,3 88,26 68,56 8,98! 95,97',
    '10,20 42,0 86,16 74,56 36,88 10,93 16,78 42,84 95,98',
    '14,14 55,0 88,22 62,58 10,96! 52,93 92,99',
  ],
  [
    '10,12 50,0 85,22 44,46! 92,72 55,100 5,86',
    '10,4 88,3! 46,42! 92,68 60,100 6,90',
    '12,10 55,0 82,25 48,47 90,74 50,100 8,88',
  ],
  [
    '16,0 8,56! 52,56 96,54 | 78,2 77,50 76,100',
    '70,100 71,50 72,0! 5,66! 50,67 98,66',
    '30,0 6,52 40,62 95,54 | 82,14 74,55 66,100',
  ],
  [
    '86,2 20,3! 15,45! 60,38 92,66 64,98 8,92',
    '22,3 16,45! 55,36 92,66 60,100 8,92 | 22,3 56,2 90,0',
    '86,5 36,2 16,28 50,47 88,70 55,100 8,92',
  ],
  [
    '75,2 30,26 8,66 30,98 75,95 88,70 58,52 14,70',
    '52,0 14,52 14,90 58,100 88,76 55,53 14,72',
    '66,0 24,30 6,72 44,100 80,84 70,56 36,58 14,80',
  ],
  [
    '5,6 48,5 92,5! 64,52 40,100',
    '5,6 48,5 92,5! 64,52 40,100 | 24,54 54,51 84,49',
    '8,24 8,5! 50,4 92,4! 56,50 42,100',
  ],
  [
    '82,15 45,0 15,22 50,47 90,76 50,100 8,78 45,49 84,22 66,2',
    '50,47 16,25 50,0 82,25 50,47! 8,75 50,100 92,75 50,47',
    '70,8 38,2 20,24 52,46 86,72 52,100 14,80 44,52 80,26 76,10',
  ],
  [
    '88,25 50,0 10,25 40,53 86,28! 84,64 82,100',
    '86,22 46,0 10,30 46,53 86,25 80,70 36,100',
    '88,10 42,2 10,30 44,51 86,14! 76,60 64,100',
  ],
];

const parsePoint = (text: string): PathPoint => {
  const [x, y] = text.replace('!', '').split(',').map(Number);
  return { x, y, isCorner: text.endsWith('!') };
};

/** The ways to write each digit: `digitForms[7][1]` is the seven with a bar. */
export const digitForms: readonly (readonly Form[])[] = forms.map((ways) =>
  ways.map((way) => way.split(' | ').map((stroke) => stroke.split(' ').map(parsePoint))),
);
