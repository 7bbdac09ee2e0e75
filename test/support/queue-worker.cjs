// @ts-check
// A worker process whose marking is made up: what it is told to do stands in the answer.
const { setTimeout: sleep } = require('node:timers/promises');
const { serveParent } = require('../../grader/dist/queue/workers.js');
const { markedAs } = require('./queue-marks.cjs');

serveParent(() => async (submission) => {
  const [what] = Object.values(submission.answers);
  if (what === 'poison') process.kill(process.pid, 'SIGKILL');
  if (what === 'trouble') throw new Error('this one cannot be marked');
  await sleep(30);
  return markedAs(submission);
});
