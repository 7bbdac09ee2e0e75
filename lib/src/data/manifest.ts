import { readFileSync } from 'node:fs';
import path from 'node:path';

/** One file of a dataset. */
export interface DatasetFile {
  readonly split: 'train' | 'test';
  readonly content: 'images' | 'labels';
  /** Without `.gz`; the file may lie gzipped or not. */
  readonly name: string;
  /** Bytes and SHA-256 of the unpacked file. */
  readonly size: number;
  readonly sha256: string;
  /** Bytes as the mirrors keep it, gzipped: for the progress bar. */
  readonly downloadSize: number;
}

/** What is known of a dataset: where it comes from, how it is licensed, what its files must contain. */
export interface DatasetEntry {
  /** The name of its folder, and of its entry in the manifest. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly homepage: string;
  readonly licence: { readonly name: string; readonly url: string; readonly holders: string };
  readonly citation: string;
  readonly classNames: readonly string[];
  /** Height and width in pixels. */
  readonly imageShape: readonly [number, number];
  readonly counts: { readonly train: number; readonly test: number };
  readonly files: readonly DatasetFile[];
  /** Addresses that end in `/`; each has all files with `.gz` added to their names. */
  readonly mirrors: readonly string[];
  /** What is drawn where the dataset cannot be had: files of the same names and sizes. */
  readonly standIn: {
    readonly title: string;
    readonly folder: string;
    readonly sha256: Readonly<Record<string, string>>;
  };
}

export type DatasetName = 'mnist';

/** Next to `lib/` in the repository: the same three levels up from `src/data/` and from `dist/data/`. */
const manifestFile = path.resolve(__dirname, '../../../datasets/manifest.json');

/** The entry of a dataset in `datasets/manifest.json`. */
export function datasetEntry(name: DatasetName): DatasetEntry {
  const entries = JSON.parse(readFileSync(manifestFile, 'utf8')) as Record<string, Omit<DatasetEntry, 'name'>>;
  const entry = entries[name];
  if (!entry)
    throw new Error(
      `got the dataset name "${name}", expected one of: ${Object.keys(entries).join(', ')} (${manifestFile}).`,
    );
  return { name, ...entry };
}
