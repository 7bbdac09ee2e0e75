import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { makeKernelspec } from './kernelspec';

const COURSE = path.resolve(__dirname, '../..');

/** One notebook of `report.json`. */
export interface ReportEntry {
  name: string;
  ok: boolean;
  seconds: number;
  peakMemoryBytes: number | null;
  error?: string;
}

export interface NotebookRun {
  exitCode: number | null;
  output: string;
  /** By the notebook's name. */
  report: Map<string, ReportEntry>;
  /** The text of a file that was written. */
  read(file: string): string;
  /** The outputs of an executed notebook, cell after cell. */
  outputs(name: string): Record<string, any>[];
}

/** Runs tools/run_notebooks.py and reads what it wrote to `out`. Variables of `env` that are undefined are unset. */
export async function runNotebooks(args: string[], out: string, env: NodeJS.ProcessEnv = {}): Promise<NotebookRun> {
  const python = path.join(COURSE, '.venv', 'bin', 'python');
  if (!fs.existsSync(python)) throw new Error(`expected Python with Jupyter at ${python}: run npm test, which sets it up`);
  fs.rmSync(out, { recursive: true, force: true });
  const kernelspec = makeKernelspec();
  try {
    const child = spawn(python, [path.join(COURSE, 'tools', 'run_notebooks.py'), '--out', out, ...args], {
      cwd: COURSE, env: { ...process.env, ...kernelspec.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => { output += data.toString(); });
    const [exitCode] = await once(child, 'close') as [number | null];
    const read = (file: string) => fs.readFileSync(path.join(out, file), 'utf8');
    const entries = fs.existsSync(path.join(out, 'report.json')) ? JSON.parse(read('report.json')) as ReportEntry[] : [];
    return {
      exitCode, output, read,
      report: new Map(entries.map((entry) => [entry.name, entry])),
      outputs: (name) => (JSON.parse(read(`${name}.ipynb`)) as { cells: { outputs?: Record<string, any>[] }[] }).cells.flatMap((cell) => cell.outputs ?? []),
    };
  } finally {
    kernelspec.remove();
  }
}
