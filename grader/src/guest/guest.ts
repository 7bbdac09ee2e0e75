/**
 * What runs in the sandbox, beside the answers of one submission. It compiles an answer, calls it, and sends what came of it as data. It
 * knows no expected value, no points and no next case: whatever an answer does to it, it can only spoil its own values.
 */

// Each by itself: an answer waits for all that is loaded here.
import { described } from '../../../lib/dist/exercises/described';
import type { Observation } from '../../../lib/dist/exercises/judgement';
import { observe } from '../../../lib/dist/exercises/observe';
import { decode, toPlain, type Plain } from '../../../lib/dist/exercises/values';
import { compiled } from './compile';
import { serve } from './serve';
import type { Built, Opened, Question } from './messages';

type TensorFlow = typeof import('../../../lib/dist/tensorflow').tf;
let tf: TensorFlow | undefined;
const tensorFlow = (): TensorFlow => (tf ??= (require('../../../lib/dist/tensorflow') as { tf: TensorFlow }).tf);

let answer: unknown;

/** Runs the cell of an answer alone, and keeps what its name then stands for. */
async function open({ source, name, given, tensors }: Extract<Question, { ask: 'open' }>): Promise<Opened> {
  answer = undefined;
  try {
    answer = await compiled(source, name)(tensors ? tensorFlow() : undefined, () => given);
  } catch (error) {
    return { opened: 'error', error: messageOf(error) };
  }
  if (typeof answer === 'function') return { opened: 'function' };
  try {
    return { opened: 'value', value: toPlain(answer) };
  } catch (error) {
    return { opened: 'unreadable', error: messageOf(error) };
  }
}

async function answerTo(question: Question): Promise<Plain> {
  switch (question.ask) {
    case 'open': return await open(question) as unknown as Plain;
    case 'build': return await build() as unknown as Plain;
    case 'call': return await observed(question) as unknown as Plain;
  }
}

/** What the model is, without its weights; another process finds out what it is worth. */
async function build(): Promise<Built> {
  try {
    const model = await (answer as () => Promise<unknown>)();
    if (!(model instanceof tensorFlow().LayersModel)) return { built: 'nothing', error: `it returned ${described(model)}; expected a model` };
    const { loss, metrics, optimizer } = model as unknown as { loss?: unknown; metrics?: unknown; optimizer?: InstanceType<TensorFlow['Optimizer']> };
    const compiled = optimizer && {
      loss, metrics, optimizer: { className: optimizer.getClassName(), config: optimizer.getConfig() },
    };
    const topology = JSON.stringify(model.toJSON(null, false));
    return { built: 'model', topology, ...(compiled && { compiled: JSON.stringify(compiled) }) };
  } catch (error) {
    return { built: 'nothing', error: messageOf(error) };
  }
}

/** Who asks waits no longer than the answer may take, and ends this process then: nothing in it could do so as surely. */
async function observed({ inputs, tensors }: Extract<Question, { ask: 'call' }>): Promise<Observation> {
  return observe(answer, inputs, { tensors, timeLimit: Infinity });
}

function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? `${error.name}: ${error.message}` : error).slice(0, 1000);
  } catch {
    return 'what was thrown cannot be read';
  }
}

void serve(async (text) => answerTo(decode(text) as unknown as Question));
