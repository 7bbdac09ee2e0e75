import { historiesFigure, toSvg, type Figure, type History } from '@course/lib';
import { describe, expect, it } from 'vitest';
import type { ScatterTrace } from '../../../lib/src/plots/figure';

function history(measures: Record<string, number[]>, seconds = 2): History {
  const epoch = measures.loss.map((_, i) => i);
  return { epoch, history: measures, seconds: epoch.map(() => seconds), within: { at: [], measures: {} } };
}

const quick = history({ loss: [2, 1, 0.5], acc: [0.3, 0.6, 0.8], val_loss: [3, 1.5, 1], val_acc: [0.2, 0.5, 0.7] });
const slow = history({ loss: [2, 0.9], acc: [0.4, 0.7], val_loss: [2.5, 1.25], val_acc: [0.3, 0.6] }, 5);
const lines = ({ data }: Figure): ScatterTrace[] => data as ScatterTrace[];

describe('historiesFigure', () => {
  it('has a curve of validation loss and one of validation accuracy for each training', () => {
    const figure = historiesFigure({ quick, slow });
    expect(lines(figure).map(({ name, x, y, yaxis = 'y' }) => [name, yaxis, x, y])).toEqual([
      ['quick', 'y', [1, 2, 3], [3, 1.5, 1]], ['slow', 'y', [1, 2], [2.5, 1.25]],
      ['quick', 'y2', [1, 2, 3], [0.2, 0.5, 0.7]], ['slow', 'y2', [1, 2], [0.3, 0.6]],
    ]);
    expect(figure.layout.yaxis?.title?.text).toBe('validation loss');
    expect(figure.layout.yaxis2?.title?.text).toBe('validation accuracy');
  });

  it('names each training once in the legend, and tells curves apart by more than colour', () => {
    const traces = lines(historiesFigure({ quick, slow }));
    expect(traces.map(({ showlegend }) => showlegend)).toEqual([true, true, false, false]);
    expect(traces.slice(0, 2).map(({ line }) => line?.dash)).toEqual(['solid', 'dash']);
  });

  it('draws over the seconds that have passed at the end of each epoch', () => {
    const figure = historiesFigure({ quick, slow }, { over: 'seconds' });
    expect(lines(figure).slice(0, 2).map(({ x }) => x)).toEqual([[2, 4, 6], [5, 10]]);
    expect(figure.layout.xaxis).toMatchObject({ title: { text: 'seconds of training' }, range: [0, 10.3] });
    expect(figure.layout.meta.alt).toContain('slow: validation loss 1.2500, validation accuracy 0.6000 after 10.0 s');
  });

  it('takes the measures of the training data where one training has no validation', () => {
    const figure = historiesFigure({ quick, alone: history({ loss: [4, 3] }) });
    expect(figure.layout.yaxis?.title?.text).toBe('loss');
    expect(lines(figure)[0].y).toEqual([2, 1, 0.5]);
  });

  it('shows in full what comes after a steep first epoch', () => {
    const steep = history({ loss: [100, 1, 0.5] });
    const [low, high] = historiesFigure({ steep }).layout.yaxis!.range!;
    expect(low).toBeCloseTo(0.44);
    expect(high).toBeCloseTo(1.06);
  });

  it('draws a training that went astray as far as it has numbers', () => {
    const astray = history({ loss: [1, NaN, NaN] });
    const figure = historiesFigure({ quick, astray });
    expect(toSvg(figure)).not.toMatch(/NaN|Infinity/);
    expect(figure.layout.meta.alt).toContain('astray: loss no number, accuracy not known after 3 epochs');
  });

  it('refuses no histories, and one without an epoch', () => {
    expect(() => historiesFigure({})).toThrow(/no history; expected several by name/);
    expect(() => historiesFigure({ empty: history({ loss: [] }) })).toThrow(/"empty" has no finished epoch/);
  });
});
