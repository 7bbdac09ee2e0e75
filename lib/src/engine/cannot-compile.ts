/**
 * A model or an option that the compiled step does not know. Training goes on by `model.fit` then; `what` names the
 * reason in half a sentence: "the layer lstm_1 (LSTM)".
 */
export class CannotCompile extends Error {
  override name = 'CannotCompile';
  constructor(readonly what: string) {
    super(`There is no compiled step for ${what}.`);
  }
}
