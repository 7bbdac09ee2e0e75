import { Bubblewrap } from './bubblewrap';
import { Docker } from './docker';
import type { Sandbox } from './sandbox';

const backEnds = { bubblewrap: Bubblewrap, docker: Docker };

/** The sandbox that COURSE_SANDBOX names, bubblewrap without it. @throws Error for another name */
export function chosenSandbox(name: string = process.env.COURSE_SANDBOX || 'bubblewrap'): Sandbox {
  if (!Object.hasOwn(backEnds, name)) throw new Error(`Got COURSE_SANDBOX=${name}; expected one of ${Object.keys(backEnds).join(', ')}.`);
  return new backEnds[name as keyof typeof backEnds]();
}
