import { z } from 'zod';
import type { FactsOfModel, Observation, Plain } from '@course/lib/exercises';
import type { Built, Examined, Opened } from '../guest/messages';

/**
 * The forms of what a sandbox may answer. What has another form is no answer.
 */

/** Data of any kind: `decode` has read it, so it is nothing else; arrays in it are whole. */
const plain = z.custom<Plain>(() => true);
const text = z.string().max(2000);

const observation = z.object({
  outcome: z.enum(['value', 'error']),
  value: plain.optional(),
  error: z.object({ name: text, message: text, where: text.optional() }).optional(),
  changed: z.array(z.number().int().min(0).max(100)).max(100),
  leaked: z.number().int().min(0),
});

const opened = z.discriminatedUnion('opened', [
  z.object({ opened: z.literal('function') }),
  z.object({ opened: z.literal('value'), value: plain.optional() }),
  z.object({ opened: z.literal('unreadable'), error: text }),
  z.object({ opened: z.literal('error'), error: text }),
]);

/** @returns undefined for what is no observation (that there was none in time, only who waits can say), or one that contradicts itself */
export function observationOf(reply: Plain): Observation | undefined {
  const read = observation.safeParse(reply);
  if (!read.success) return undefined;
  const { data } = read;
  return (data.outcome === 'error') === (data.error !== undefined) ? (data as Observation) : undefined;
}

/** @returns undefined for what says nothing about a cell */
export function openedOf(reply: Plain): Opened | undefined {
  const read = opened.safeParse(reply);
  return read.success ? (read.data as Opened) : undefined;
}


const built = z.discriminatedUnion('built', [
  z.object({ built: z.literal('model'), topology: z.string().max(5e6), compiled: z.string().max(100_000).optional() }),
  z.object({ built: z.literal('nothing'), error: text }),
]);

const shape = z.array(z.union([z.number(), z.null()])).max(10);
const facts = z.object({
  inputShapes: z.array(shape).max(100),
  outputShapes: z.array(shape).max(100),
  parameters: z.number(),
  trainableParameters: z.number(),
  multiplyAdds: z.number(),
  notCounted: z.array(text).max(1000),
  layers: z.array(z.object({ className: text, config: z.record(z.string(), plain), belongsToLayerBefore: z.boolean() })).max(10_000),
  compiled: z.object({
    loss: text, optimizer: text, learningRate: z.number().optional(), metrics: z.array(text).max(100),
  }).optional(),
});

const examined = z.discriminatedUnion('examined', [
  z.object({
    examined: z.literal('facts'),
    facts,
    predictions: z.union([
      z.object({ shape: z.array(z.number().int().min(0)).max(10), values: z.string() }),
      z.object({ error: text }),
    ]).optional(),
  }),
  z.object({ examined: z.literal('nothing'), error: text }),
]);

/** @returns undefined for what says nothing about a model that was built */
export function builtOf(reply: Plain): Built | undefined {
  const read = built.safeParse(reply);
  return read.success ? (read.data as Built) : undefined;
}

/** @returns undefined for what says nothing about a model that was examined */
export function examinedOf(reply: Plain): (Examined & { facts?: FactsOfModel }) | undefined {
  const read = examined.safeParse(reply);
  return read.success ? (read.data as unknown as Examined & { facts?: FactsOfModel }) : undefined;
}
