/** A process that marks what is in the queue. Its parent tells it which one; it ends with its parent. */

import { mark } from '../mark/mark';
import { markingPictures } from '../mark/pictures';
import { loadSuites } from '../mark/suite';
import { chosenSandbox } from '../sandbox/back-ends';
import { serveParent, type ProcessSettings } from './workers';

serveParent(({ secret, environment }: ProcessSettings) => {
  const suites = new Map(loadSuites().map((suite) => [suite.assignment, suite]));
  const marking = { sandbox: chosenSandbox(), secret, environment, pictures: markingPictures };
  return (submission) => {
    const suite = suites.get(submission.assignment);
    if (!suite) throw new Error(`there are no exercises for "${submission.assignment}".`);
    return mark(submission, suite, marking);
  };
});
