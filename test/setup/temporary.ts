import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';

/** @returns a function that makes folders which are gone after each test of the file */
export function temporaryFolders(): (name?: string) => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
  });
  return (name = 'course') => {
    // A name that no shell command, address or pattern takes as it is.
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${name} ü '`));
    made.push(folder);
    return folder;
  };
}

/** Writes a program that a PATH can lead to. */
export function writeProgram(folder: string, name: string, shellScript: string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, `#!/bin/sh\n${shellScript}\n`, { mode: 0o755 });
  return file;
}
