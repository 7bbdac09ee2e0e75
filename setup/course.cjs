// @ts-check
'use strict';

// The one door to every command: npm start, npm test, npm run doctor, clean, notebooks, datasets, setup.
// It is written so that a very old Node can still parse it and say what is wrong, hence `var` and no arrow functions.

var OLDEST = 20;

/** @param {string} message */
function stop(message) {
  console.error(message);
  process.exit(1);
}

if (parseInt(process.versions.node, 10) < OLDEST) {
  stop(
    'The course needs Node.js ' + OLDEST + ' or newer, but this is Node.js ' + process.versions.node + ' (' +
    process.execPath + ').\n' +
    'Install a newer one from https://nodejs.org, or with a version manager: "nvm install 22" or "fnm install 22".'
  );
} else if (process.platform === 'win32') {
  stop(
    'The course does not run on Windows itself, but it does in the Windows Subsystem for Linux (WSL 2).\n' +
    'In PowerShell run "wsl --install", open the Ubuntu that it installs, and clone and start the course there.'
  );
} else {
  // In eval, because `import(...)` is a syntax error for the Node versions that the message above is for.
  eval('import("./main.mjs")').then(
    /** @param {typeof import('./main.mjs')} main */
    function (main) { return main.main(process.argv.slice(2)); }
  );
}
