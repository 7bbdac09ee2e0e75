// @ts-check

import { NEEDED_IN_ALL } from './disk.mjs';
import { formatBytes } from './progress.mjs';

/** Something that the user can repair: `message` says what was got and what was expected, `advice` what to do next. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {string} advice
   */
  constructor(message, advice) {
    super(message);
    this.name = 'Problem';
    this.advice = advice;
  }
}

/** The user pressed Ctrl+C, or the process was told to end. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** A program that set-up ran ended with an error. */
export class CommandFailed extends Error {
  /**
   * @param {string} command what was run, as one line
   * @param {string} how how it ended, such as "exit code 1" or "signal SIGKILL"
   * @param {string[]} lastLines the end of its output
   * @param {string} [log] the file with all of its output
   */
  constructor(command, how, lastLines, log) {
    super(`"${command}" ended with ${how}.`);
    this.name = 'CommandFailed';
    this.lastLines = lastLines;
    this.log = log;
  }
}

/**
 * What npm, pip, Python and compilers print for the faults that users meet, with what to tell them instead.
 * The first that matches counts.
 *
 * @type {{ pattern: RegExp, what: string, advice: string }[]}
 */
const KNOWN_FAULTS = [
  {
    pattern: /ENOSPC|No space left on device|Disk quota exceeded|EDQUOT/i,
    what: 'the disk is full',
    advice: `free about ${formatBytes(NEEDED_IN_ALL)} (COURSE_CACHE=/another/folder, set for each command, puts the engine ` +
      'on another disk), then run the command again.',
  },
  {
    pattern: /EROFS|Read-only file system|EACCES|EPERM|Permission denied|Operation not permitted/i,
    what: 'a file or folder may not be written',
    advice: 'clone the course into a folder of your own. If "sudo" or a container made files in it before, make them yours ' +
      'with: sudo chown -R "$(id -un)" . — then run the command again.',
  },
  {
    pattern: /DO NOT MATCH THE HASHES|EINTEGRITY|hash(es)? mismatch/i,
    what: 'a download is not the file that the course was tested with',
    advice: 'run the command again. If it stays so, a proxy or mirror between you and the package registry changes files: ' +
      'ask who runs it.',
  },
  {
    pattern: new RegExp(
      [
        'ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'ERR_SOCKET_TIMEOUT',
        'Temporary failure in name resolution', 'NewConnectionError', 'ConnectTimeoutError', 'ReadTimeoutError', 'ProxyError',
        'Failed to establish a new connection', 'Name or service not known', 'Network is unreachable', 'Connection refused',
        'No matching distribution found', 'CERTIFICATE_VERIFY_FAILED', 'SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT',
      ].join('|')
    ),
    what: 'a server could not be reached',
    advice: 'check the network connection. Behind a proxy, set HTTPS_PROXY; with a mirror of your own, see "npm config list" ' +
      'and "pip config list". Then run the command again: what is already there is not downloaded again.',
  },
  {
    pattern: /ensurepip is not available|No module named '?(ensurepip|venv)/,
    what: 'this Python comes without the module that makes environments',
    advice: 'install it (Debian, Ubuntu: sudo apt-get install python3-venv), then run the command again.',
  },
];

/**
 * Turns any error of a step into a problem with advice.
 *
 * @param {string} step the step's name
 * @param {unknown} error
 * @returns {Problem | Interrupted}
 */
export function explain(step, error) {
  if (error instanceof Problem || error instanceof Interrupted) return error;
  const text = error instanceof CommandFailed ? error.lastLines.join('\n') : String(error);
  const known = KNOWN_FAULTS.find(({ pattern }) => pattern.test(text));
  const what = known ? `${step}: ${known.what}.` : `${step} failed.`;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CommandFailed)) {
    return new Problem(
      `${what} ${message}`,
      known ? known.advice : 'run the command again; if it stays so, report it with this message and the output of "npm run doctor".'
    );
  }
  // Of a known fault the lines that name it say enough.
  const telling = known ? error.lastLines.filter((line) => known.pattern.test(line)).slice(-2) : error.lastLines;
  const lines = telling.map((line) => `    ${line.trim().slice(0, 300)}`).join('\n');
  const rest = error.log === undefined ? '' : `\n  All of its output: ${error.log}`;
  return new Problem(
    `${what} ${message} It says:\n${lines}${rest}`,
    known ? known.advice : 'repair what the lines above name, then run the command again.'
  );
}
