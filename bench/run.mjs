// @ts-check

// npm run bench -- NAME [options]: starts one of the measurements of this folder, NAME.mjs or NAME/compare.mjs. Without
// a name it lists them.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runInTerminal } from '../setup/processes.mjs';
import { calledFrom, withAbsolutePaths } from '../setup/project.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const NO_MEASUREMENTS = ['run', 'support'];
/** @type {Record<string, string>} */
const scripts = {};
for (const entry of fs.readdirSync(folder).sort()) {
  const name = entry.replace(/\.mjs$/, '');
  if (fs.existsSync(`${folder}${entry}/compare.mjs`)) scripts[name] = `${folder}${entry}/compare.mjs`;
  else if (entry.endsWith('.mjs') && !NO_MEASUREMENTS.includes(name)) scripts[name] = `${folder}${entry}`;
}

const [name = '', ...args] = process.argv.slice(2);
if (Object.hasOwn(scripts, name)) {
  // Paths among the arguments are meant as they were typed.
  process.exitCode = await runInTerminal(process.execPath, [scripts[name], ...args], {
    cwd: calledFrom(process.env),
    env: withAbsolutePaths(process.env),
  });
} else {
  console.error(
    `${name ? `There is no measurement "${name}".` : 'Which measurement?'} npm run bench -- NAME [options], ` +
      'where NAME is one of: ' +
      `${Object.keys(scripts).join(', ')}. What each one does and its options are said at the top of its script.`,
  );
  process.exitCode = 1;
}
