// @ts-check

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { adviceOf, parseOptions } from '../arguments.mjs';
import { needSolutions } from '../instructor.mjs';
import { Problem } from '../problems.mjs';
import { calledFrom } from '../project.mjs';
import { findPython } from '../python.mjs';

const USAGE = 'npm run gradescope-zip -- --url https://HOST --token-file FILE [--to course-gradescope.zip]';

const HELP = `${USAGE}

Makes the archive that Gradescope takes as an autograder: it sends each submission to your own service for marking
(npm run grade -- serve) and shows what it answers. grader/README.md says how to set it up.

  --url         where the service is reached from outside, by HTTPS
  --token-file  the token that the service was started with; it lies in the archive, so keep that to instructors
  --to          the new zip file`;

/** Seconds for one submission: less than the 10 minutes that Gradescope gives an autograder. */
const SECONDS = 540;

/** Zip files with the modes of programs are beyond Node's own modules. */
const ZIP = `
import json, os, sys, zipfile
target = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
with os.fdopen(target, 'wb') as file, zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
    for name, (content, mode) in json.load(sys.stdin).items():
        member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        member.create_system = 3
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = (0o100000 | mode) << 16
        archive.writestr(member, content)
`;

/** `npm run gradescope-zip -- --url URL --token-file FILE`. @type {import('../main.mjs').Command} */
export default async function gradescopeZip(project, args) {
  const request = parseArguments(args, calledFrom(project.env));
  if (request === 'help') {
    console.log(HELP);
    return 0;
  }
  needSolutions(project);
  carryOut(project, request);
  return 0;
}

/**
 * @typedef {{ url: string, token: string, to: string }} Request
 *
 * @param {string[]} args
 * @param {string} folder what paths are relative to
 * @returns {Request | 'help'}
 */
export function parseArguments(args, folder) {
  const advice = adviceOf(USAGE);
  const { values: { url, 'token-file': tokenFile, to = '', help } } = parseOptions(args, {
    url: { type: 'string' }, 'token-file': { type: 'string' }, to: { type: 'string', default: 'course-gradescope.zip' },
  }, USAGE, false);
  if (help) return 'help';
  if (url === undefined || tokenFile === undefined) throw new Problem('Got no --url or no --token-file; expected both.', advice);
  // The token goes there: over HTTP everybody on the way could read it.
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw new Problem(`Got --url ${url}; expected an address that begins with https://.`, 'put a server that speaks HTTPS before the service.');
  }
  const file = path.resolve(folder, tokenFile);
  if (!fs.existsSync(file)) throw new Problem(`There is no ${file}.`, 'name the file that the service was started with.');
  const token = fs.readFileSync(file, 'utf8').trim();
  if (!/^[\x21-\x7e]{20,}$/.test(token)) {
    throw new Problem(`${file} holds no token: expected one line of at least 20 letters, digits and signs.`, `make it so: openssl rand -hex 32 > ${tokenFile}`);
  }
  const target = path.resolve(folder, to);
  if (fs.existsSync(target)) throw new Problem(`${target} is there already; expected a new file.`, 'name another one, or remove it.');
  return { url, token, to: target };
}

/**
 * @param {Pick<import('../project.mjs').Project, 'root' | 'env'>} project
 * @param {Request} request
 */
export function carryOut({ root, env }, { url, token, to }) {
  const program = (/** @type {string} */ name) => [fs.readFileSync(path.join(root, 'grader', 'gradescope', name), 'utf8'), 0o755];
  const files = {
    'setup.sh': program('setup.sh'),
    run_autograder: program('run_autograder'),
    'service.json': [`${JSON.stringify({ url, token, seconds: SECONDS }, undefined, 2)}\n`, 0o600],
  };
  fs.mkdirSync(path.dirname(to), { recursive: true });
  const unfinished = `${to}.${process.pid}.tmp`;
  try {
    execFileSync(findPython(env).executable, ['-I', '-c', ZIP, unfinished], { input: JSON.stringify(files) });
    fs.renameSync(unfinished, to);
  } finally {
    fs.rmSync(unfinished, { force: true });
  }
  console.log(`${to}: upload it in Gradescope at Configure Autograder. The token lies in it: keep it to instructors.`);
}
