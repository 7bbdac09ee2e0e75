import { Elsewhere, measuredBy, type FactsOfModel, type Measured, type Plain, type TrainedExercise } from '@course/lib/exercises';
import type { HandedInModel } from '../submission';
import { isLost, LOST, type Lost } from './asked';
import { examinedOf } from './forms';
import type { Rooms } from './rooms';

/** Pixels 0..255 of pictures, one after the other, and their classes. */
export interface MarkingPictures {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

const EXAMINE_LIMIT = 120_000;

/** The facts among what the examiner has found, or why there are none. */
export function factsIn(reply: Plain | Lost): FactsOfModel | string {
  if (isLost(reply)) return `The model could not be looked at: ${LOST[reply.lost]}`;
  const examined = examinedOf(reply);
  if (examined?.examined === 'facts') return examined.facts as unknown as FactsOfModel;
  return `The model cannot be used: ${(examined?.error ?? 'it could not be read').replace(/\.$/, '')}.`;
}

/** A model that was handed in, as the judge asks it: the examiner loads it, its answers are compared here. */
export async function trainedModel(
  { pictures: { shape, scale } }: TrainedExercise, { files }: HandedInModel, rooms: Rooms, pictures: () => Promise<MarkingPictures>,
): Promise<Elsewhere> {
  const { pixels, labels } = await pictures();
  const reply = await rooms.for('models').ask({
    ask: 'trained',
    files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])),
    pictures: { count: labels.length, shape, scale, pixels: Buffer.from(pixels).toString('base64') },
  }, EXAMINE_LIMIT);
  const measured = async (): Promise<Measured | string> => {
    const examined = isLost(reply) ? undefined : examinedOf(reply);
    if (examined?.examined !== 'facts' || !examined.predictions) return 'The model was not asked about pictures.';
    const { predictions } = examined;
    if ('error' in predictions) return `The model cannot be asked about pictures of shape [${shape.join(', ')}]: ${predictions.error}`;
    const bytes = new Uint8Array(Buffer.from(predictions.values, 'base64'));
    const values = new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
    try {
      return measuredBy(values, predictions.shape, labels);
    } catch (error) {
      return `The model cannot be asked about pictures: ${(error as Error).message}`;
    }
  };
  return new Elsewhere({ facts: async () => factsIn(reply), measured });
}
