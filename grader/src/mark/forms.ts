import { z } from 'zod';
import { type Observation, type Plain } from '@course/lib/exercises';
import type { Opened } from '../guest/messages';

/**
 * The forms of what a sandbox may answer. What has another form is no answer.
 */

/** Data of any kind: `decode` has read it, so it is nothing else; arrays in it are whole. */
const plain = z.custom<Plain>(() => true);
const text = z.string().max(2000);

const observation = z.object({
  outcome: z.enum(['value', 'error', 'timeout']),
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

/** @returns undefined for what is no observation, or one that contradicts itself */
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

