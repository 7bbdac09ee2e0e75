import type { MemoryAccount } from '../model/memory';
import { axisNames, LETTER, legendAbove, longestOf, palette, rounded, type BarTrace, type Figure } from './figure';

/** An account with a name, to tell several apart. */
export interface NamedAccount {
  readonly name: string;
  readonly account: MemoryAccount;
}

/** Pieces shorter than this part of the longest bar have no room for their number. */
const ROOM = 0.055;

/**
 * Where memory goes, as bars that are put together of their pieces: one bar for a training step and one for a
 * prediction, of each account. The bar of a training step shows the moment when it has most in memory.
 *
 * Where layers are not counted, the title of the axis says how many, and the description which.
 *
 * @param accounts one, as `memoryAccount` returns it, or several with names
 *
 * ```ts
 * showFigure(memoryFigure([{ name: 'batch 128', account: memoryAccount(model, { batchSize: 128 }) }]));
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function memoryFigure(accounts: MemoryAccount | readonly NamedAccount[]): Figure {
  const named = 'items' in accounts ? [{ name: '', account: accounts }] : accounts;
  const names = axisNames('memoryFigure', 'account', named.map(({ name }) => name), 30);
  const bars = named.flatMap(({ account }, i) => barsOf(names[i], account));
  const labels = named.flatMap(({ name, account }) => barsOf(name, account).map(({ label }) => label));
  const longest = bars.reduce((most, { pieces }) => Math.max(most, sumOf(pieces)), 0);
  // One unit for the whole figure: 1 MB is 1,000,000 bytes.
  const [unit, size] = longest >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  const inUnits = (bytes: number): string => {
    // What is there is never 0.0.
    const value = bytes / size;
    return value > 0 && value < 0.05 ? 'less than 0.1' : value.toFixed(1);
  };
  const kinds = [...new Set(bars.flatMap(({ pieces }) => pieces.map(({ kind }) => kind)))];
  const data = kinds.map((kind, i): BarTrace => {
    const bytes = bars.map(({ pieces }) => pieces.find((piece) => piece.kind === kind)?.bytes ?? 0);
    return {
      type: 'bar', orientation: 'h', name: kind, y: bars.map(({ label }) => label),
      x: bytes.map((value) => rounded(value / size, 6)),
      marker: { color: palette[i % palette.length] },
      text: bytes.map((value) => (value >= longest * ROOM ? inUnits(value) : '')),
      textposition: 'inside', insidetextanchor: 'middle', textangle: 0,
      hovertemplate: `${kind}: %{x:,.3f} ${unit}<extra></extra>`,
    };
  });
  const missing = named.filter(({ account }) => account.notCounted.length > 0).map(({ name, account }) =>
    `${name === '' ? '' : `${name}: `}not counted: ${account.notCounted.join(', ')}`);
  const missingText = missing.length > 0 ? ` Without what is not known. ${missing.join('; ')}.` : '';
  const layers = new Set(named.flatMap(({ account }) => account.notCounted)).size;
  const without = layers === 0 ? ''
    : `, without ${layers === 1 ? '1 layer that is' : `${layers} layers that are`} not counted`;
  const words = bars.map(({ pieces }, i) => {
    const list = pieces.filter(({ bytes }) => bytes > 0).map(({ kind, bytes }) => `${kind} ${inUnits(bytes)}`);
    return `${labels[i]}: ${inUnits(sumOf(pieces))} ${unit} (${list.join(', ')})`;
  });
  return {
    data,
    layout: {
      height: Math.min(450, 150 + bars.length * 62),
      margin: { l: 24 + LETTER * longestOf(bars.map(({ label }) => label)), r: 60, t: 66, b: 52 },
      barmode: 'stack',
      showlegend: true,
      legend: legendAbove,
      xaxis: { title: { text: `memory in ${unit}${without}` },
        range: [0, rounded((longest / size) * 1.04 || 1)] },
      yaxis: { type: 'category', autorange: 'reversed' },
      annotations: bars.map(({ pieces }, i) => ({
        text: `${inUnits(sumOf(pieces))}`, x: rounded(sumOf(pieces) / size, 6), y: i, xref: 'x', yref: 'y',
        showarrow: false, xanchor: 'left', yanchor: 'middle',
      })),
      meta: { alt: `Memory. ${words.join('; ')}.${missingText}` },
    },
  };
}

interface Piece {
  kind: string;
  bytes: number;
}

function barsOf(name: string, account: MemoryAccount): { label: string; pieces: Piece[] }[] {
  // Accounts may have different optimizers: their pieces have one colour.
  const kindOf = (item: string): string => item.replace(/ \(.*\)$/, '');
  const { activations, intermediates, update } = account;
  // At the moment when there is most: those of the forward pass are gone when the optimizer computes.
  const gone = update.bytes > activations.bytes + intermediates.bytes ? [activations, intermediates] : [update];
  const training = [...account.items, update].filter((item) => !gone.includes(item))
    .map((item) => ({ kind: kindOf(item.name), bytes: item.bytes }));
  const prediction = [
    ...[account.weights, account.batch].map((item) => ({ kind: kindOf(item.name), bytes: item.bytes })),
    { kind: 'Largest layer', bytes: account.largestLayerBytes },
  ];
  const prefix = name === '' ? '' : `${name}, `;
  return [{ label: `${prefix}training step`, pieces: training }, { label: `${prefix}prediction`, pieces: prediction }];
}

const sumOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { bytes }) => sum + bytes, 0);
