/** How far a download, an unpacking, a drawing or a decoding is. Whoever shows it decides how often to redraw. */
export interface DataProgress {
  /** `wait`: another process is at it, nothing is known of how far it is. */
  readonly activity: 'download' | 'unpack' | 'draw' | 'decode' | 'classify' | 'write' | 'wait';
  /** For people: the address, the dataset, or the process that is waited for. */
  readonly what: string;
  readonly unit: 'bytes' | 'images';
  readonly received: number;
  readonly total: number;
  /** Units per second, the mean since the start. */
  readonly ratePerSecond: number;
}

export type OnProgress = (progress: DataProgress) => void;

/** The mean rate since now. What was there at the start (a resumed download) does not count as speed. */
export function rateSince(start: number): (received: number) => number {
  const begin = performance.now();
  return (received) => (received - start) / Math.max((performance.now() - begin) / 1000, 1e-3);
}
