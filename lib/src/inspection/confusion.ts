/**
 * Counts how often each class was taken for each.
 *
 * @param labels class numbers, `[n]`: what the examples are
 * @param predictions class numbers, `[n]`: what the model says; `argMax` makes them of probabilities
 * @returns `numClasses` rows, one a label, of `numClasses` counts, one a prediction: the diagonal is right
 * @throws Error if the lists differ in length, or a class number is not from 0 to numClasses - 1
 *
 * ```ts
 * confusionMatrix([0, 0, 1, 1], [0, 1, 1, 1], 2)   // [[1, 1], [0, 2]]
 * ```
 * Taught in 05_digits_from_folders.
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  numClasses: number,
): number[][] {
  if (labels.length !== predictions.length) {
    throw new Error(
      `confusionMatrix: got ${labels.length} labels and ${predictions.length} predictions; expected one ` +
        `prediction for each label.`,
    );
  }
  const matrix = Array.from({ length: numClasses }, () => new Array<number>(numClasses).fill(0));
  for (let i = 0; i < labels.length; i++) {
    for (const [what, value] of [['label', labels[i]], ['prediction', predictions[i]]] as const) {
      if (matrix[value] === undefined) {
        throw new Error(
          `confusionMatrix: ${what} ${i} is ${value}; expected a whole number from 0 to ${numClasses - 1}.`,
        );
      }
    }
    matrix[labels[i]][predictions[i]]++;
  }
  return matrix;
}
