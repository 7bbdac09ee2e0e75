/**
 * Layers written as loops over single numbers, which count each product that they add to a sum. Slow and plain, so that nobody has to
 * believe a formula: the tests compare their results with those of the layers, and their counts with those of `summary`.
 */
export type Nested = number | Nested[];

export class Reference {
  multiplyAdds = 0;

  private add(sum: number, a: number, b: number): number {
    this.multiplyAdds++;
    return sum + a * b;
  }

  /** `x` `[..., inputs]`, `kernel` `[inputs, units]` */
  dense(x: Nested, kernel: number[][], bias?: number[]): Nested {
    const row = x as Nested[];
    if (Array.isArray(row[0])) return row.map((part) => this.dense(part, kernel, bias));
    return kernel[0].map((_, unit) => (row as number[]).reduce((sum, value, i) => this.add(sum, value, kernel[i][unit]), 0) + (bias?.[unit] ?? 0));
  }

  /** `x` `[height, width, inputs]`, `kernel` `[rows, columns, inputs, outputs]`; 'same' pads with zeros, as TensorFlow does. */
  conv2d(x: number[][][], kernel: number[][][][], options: { strides?: number; padding?: string; bias?: number[]; dilation?: number } = {}): number[][][] {
    const { strides = 1, padding = 'valid', bias, dilation = 1 } = options;
    const reach = [kernel.length, kernel[0].length].map((size) => (size - 1) * dilation + 1);
    const size = [x.length, x[0].length];
    const out = size.map((n, axis) => (padding === 'same' ? Math.ceil(n / strides) : Math.floor((n - reach[axis]) / strides) + 1));
    const before = size.map((n, axis) => (padding === 'same' ? Math.floor(Math.max(0, (out[axis] - 1) * strides + reach[axis] - n) / 2) : 0));
    return range(out[0]).map((row) => range(out[1]).map((column) => kernel[0][0][0].map((_, output) => {
      let sum = 0;
      kernel.forEach((line, i) => line.forEach((cell, j) => cell.forEach((weights, input) => {
        const value = x[row * strides + i * dilation - before[0]]?.[column * strides + j * dilation - before[1]]?.[input] ?? 0;
        sum = this.add(sum, value, weights[output]);
      })));
      return sum + (bias?.[output] ?? 0);
    })));
  }

  /** `kernel` `[rows, columns, inputs, multiplier]`: each input has its own outputs. */
  depthwise(x: number[][][], kernel: number[][][][], bias?: number[]): number[][][] {
    const multiplier = kernel[0][0][0].length;
    return range(x.length - kernel.length + 1).map((row) => range(x[0].length - kernel[0].length + 1).map((column) =>
      x[0][0].flatMap((_, input) => range(multiplier).map((k) => {
        let sum = 0;
        kernel.forEach((line, i) => line.forEach((cell, j) => { sum = this.add(sum, x[row + i][column + j][input], cell[input][k]); }));
        return sum + (bias?.[input * multiplier + k] ?? 0);
      }))));
  }

  /** `kernel` `[rows, columns, outputs, inputs]`; padding 'valid': the kernel is laid down at each place of the input, times its value. */
  transposed(x: number[][][], kernel: number[][][][], strides: number, bias: number[]): number[][][] {
    const outputs = kernel[0][0].length;
    const out = [x.length, x[0].length].map((n, axis) => (n - 1) * strides + (axis === 0 ? kernel.length : kernel[0].length));
    const result = range(out[0]).map(() => range(out[1]).map(() => [...bias]));
    x.forEach((line, row) => line.forEach((values, column) => kernel.forEach((kernelLine, i) => kernelLine.forEach((cell, j) => {
      const target = result[row * strides + i][column * strides + j];
      for (let output = 0; output < outputs; output++) {
        values.forEach((value, input) => { target[output] = this.add(target[output], value, cell[output][input]); });
      }
    }))));
    return result;
  }

  /** `x` `[length, inputs]`, `kernel` `[size, inputs, outputs]` */
  conv1d(x: number[][], kernel: number[][][], bias: number[]): number[][] {
    return this.conv2d([x], [kernel], { bias })[0];
  }

  /** `x` `[depth, height, width, inputs]`, `kernel` `[depth, rows, columns, inputs, outputs]` */
  conv3d(x: number[][][][], kernel: number[][][][][], bias: number[]): number[][][][] {
    return range(x.length - kernel.length + 1).map((slice) => {
      const parts = kernel.map((plane, i) => this.conv2d(x[slice + i], plane));
      return parts[0].map((line, row) => line.map((cell, column) => cell.map((_, output) =>
        parts.reduce((sum, part) => sum + part[row][column][output], bias[output]))));
    });
  }

  /** The steps of an LSTM; gates in the order input, forget, candidate, output. Returns the state of each step. */
  lstm(x: number[][], kernel: number[][], recurrent: number[][], bias: number[]): number[][] {
    const size = recurrent.length;
    let state = range(size).map(() => 0);
    let cell = range(size).map(() => 0);
    return x.map((step) => {
      const z = bias.map((b, gate) => this.sum(this.sum(b, step, kernel, gate), state, recurrent, gate));
      const gate = (index: number, unit: number): number => z[index * size + unit];
      cell = cell.map((value, unit) => sigmoid(gate(1, unit)) * value + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit)));
      state = cell.map((value, unit) => sigmoid(gate(3, unit)) * Math.tanh(value));
      return state;
    });
  }

  /** The steps of a simple recurrent layer with tanh. */
  simpleRnn(x: number[][], kernel: number[][], recurrent: number[][], bias: number[]): number[][] {
    let state = recurrent.map(() => 0);
    return x.map((step) => (state = bias.map((b, unit) => Math.tanh(this.sum(this.sum(b, step, kernel, unit), state, recurrent, unit)))));
  }

  /** The steps of a GRU (reset before the product); gates in the order update, reset, candidate. */
  gru(x: number[][], kernel: number[][], recurrent: number[][], bias: number[]): number[][] {
    const size = recurrent.length;
    let state = range(size).map(() => 0);
    return x.map((step) => {
      const gate = (index: number, from: number[], squash: (value: number) => number): number[] =>
        range(size).map((unit) => squash(this.sum(this.sum(bias[index * size + unit], step, kernel, index * size + unit), from, recurrent, index * size + unit)));
      const update = gate(0, state, sigmoid);
      const reset = gate(1, state, sigmoid);
      const candidate = gate(2, state.map((value, unit) => value * reset[unit]), Math.tanh);
      state = state.map((value, unit) => update[unit] * value + (1 - update[unit]) * candidate[unit]);
      return state;
    });
  }

  /** The steps of an LSTM whose products are convolutions; the state keeps its size by padding. Returns the last state. */
  convLstm2d(x: number[][][][], kernel: number[][][][], recurrent: number[][][][], bias: number[]): number[][][] {
    const size = recurrent[0][0].length;
    let state: number[][][] | undefined;
    let cell: number[][][] | undefined;
    for (const step of x) {
      const fromInput = this.conv2d(step, kernel, { bias });
      const zeros = fromInput.map((line) => line.map(() => new Array<number>(size).fill(0)));
      const fromState = this.conv2d(state ?? zeros, recurrent, { padding: 'same' });
      const before = cell ?? zeros;
      const gate = (index: number, i: number, j: number, unit: number): number =>
        fromInput[i][j][index * size + unit] + fromState[i][j][index * size + unit];
      cell = before.map((line, i) => line.map((values, j) => values.map((value, unit) =>
        sigmoid(gate(1, i, j, unit)) * value + sigmoid(gate(0, i, j, unit)) * Math.tanh(gate(2, i, j, unit)))));
      state = cell.map((line, i) => line.map((values, j) => values.map((value, unit) => sigmoid(gate(3, i, j, unit)) * Math.tanh(value))));
    }
    return state as number[][][];
  }

  /** As {@link transposed}, in three dimensions with steps of 1: `kernel` `[depth, rows, columns, outputs, inputs]`. */
  transposed3d(x: number[][][][], kernel: number[][][][][], bias: number[]): number[][][][] {
    const out = range(x.length + kernel.length - 1);
    const slices = x.map((slice) => kernel.map((plane) => this.transposed(slice, plane, 1, bias.map(() => 0))));
    return out.map((depth) => {
      const parts = slices.flatMap((planes, i) => planes.filter((_, k) => i + k === depth));
      return parts[0].map((line, row) => line.map((values, column) => values.map((_, output) =>
        parts.reduce((sum, part) => sum + part[row][column][output], bias[output]))));
    });
  }

  /** Positive numbers as they are, negative ones times a slope of their own. */
  prelu(x: Nested, slopes: Nested): Nested {
    if (Array.isArray(x)) return x.map((part, i) => this.prelu(part, (slopes as Nested[])[i]));
    return this.add(Math.max(0, x), Math.min(0, x), slopes as number);
  }

  /** Each number times the scale of its channel, plus the shift. */
  scaled(x: Nested, scale: number[], shift: number[]): Nested {
    const row = x as Nested[];
    if (Array.isArray(row[0])) return row.map((part) => this.scaled(part, scale, shift));
    return (row as number[]).map((value, channel) => this.add(shift[channel], value, scale[channel]));
  }

  private sum(start: number, values: number[], weights: number[][], column: number): number {
    return values.reduce((sum, value, i) => this.add(sum, value, weights[i][column]), start);
  }
}

/** tfjs-layers' default for the gates is the piecewise linear sigmoid. */
const sigmoid = (value: number): number => Math.min(1, Math.max(0, 0.2 * value + 0.5));

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
