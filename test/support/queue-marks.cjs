// @ts-check
// Submissions, and the marks that the made-up marking gives them.
/** @param {number} i */
const name = (i) => `learner-${String(i).padStart(5, '0')}`;

/** @param {number} i @param {string} [what] @returns {import('../../grader/src/submission').Submission} */
const submissionOf = (i, what = `answer ${i}`) => ({
  learner: name(i), assignment: '01_lesson', sha256: `hash of ${what}`, answers: { 1.1: what }, texts: {}, models: {}, findings: [],
});

/** @param {import('../../grader/src/submission').Submission} submission @returns {import('../../grader/src/mark/result').Result} */
const markedAs = ({ learner, assignment, sha256, answers, models }) => ({
  format: 1, assignment, learner, submission: sha256, suite: 'suite', environment: 'environment', seed: 'seed',
  exercises: [], earned: Object.values(answers)[0].length, points: 100, manualPoints: Object.keys(models).length, findings: [],
});

module.exports = { submissionOf, markedAs, conditions: { suite: 'suite', environment: 'environment', seed: 'seed' } };
