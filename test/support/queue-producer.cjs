// @ts-check
// Has made-up submissions marked into a folder: node queue-producer.cjs SETTINGS, where SETTINGS is JSON.
const { gradeAll } = require('../../grader/dist/batch/grade-all.js');
const { Store } = require('../../grader/dist/batch/store.js');
const { MarkingQueue } = require('../../grader/dist/queue/marking-queue.js');
const { conditions, submissionOf } = require('./queue-marks.cjs');

const { agreed, out, count, jobs } = JSON.parse(process.argv[2]);

async function* submissions() {
  for (let i = 0; i < count; i++) yield submissionOf(i);
}

async function main() {
  const queue = new MarkingQueue(agreed, () => {});
  const { failed } = await gradeAll(submissions(), { store: new Store(out), jobs, conditions: () => conditions, mark: queue.mark });
  await queue.close();
  for (const { learner, reason } of failed) console.error(`${learner}: ${reason}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

void main();
