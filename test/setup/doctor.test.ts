import { describe, expect, it } from 'vitest';
import { formatChecks } from '../../setup/checks.mjs';
import { dataCheck } from '../../setup/commands/datasets.mjs';

describe('formatChecks', () => {
  const checks = [
    { name: 'npm', state: 'ok' as const, text: '10.9' },
    { name: 'Python', state: 'problem' as const, text: 'none', advice: 'install it' },
  ];

  it('aligns names, texts and advice', () => {
    expect(formatChecks(checks, false)).toBe(
      ['  ok       npm     10.9', '  problem  Python  none', '                   -> install it'].join('\n')
    );
  });

  it('adds only colours on a terminal', () => {
    const coloured = formatChecks(checks, true);
    expect(coloured).not.toBe(formatChecks(checks, false));
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(formatChecks(checks, false));
  });
});

describe('dataCheck', () => {
  const entry = { name: 'mnist' };
  const passedOver = [{ kind: 'folder', reason: 'COURSE_DATA is not set' }] as const;

  it('says why the data does not come from a place before', () => {
    const cached = { kind: 'cache', folder: '/c', passedOver, note: 'From /c.' } as const;
    expect(dataCheck({ entry, source: cached, problem: undefined }))
      .toEqual({ name: 'mnist', state: 'ok', text: 'From /c.\n(not from a folder: COURSE_DATA is not set)' });
    const named = { kind: 'folder', folder: '/f', passedOver: [], note: 'From /f.' } as const;
    expect(dataCheck({ entry, source: named, problem: undefined }).text).toBe('From /f.');
  });

  it('notes that data is drawn: the note itself says how to get the real data', () => {
    const drawn = { kind: 'drawn', folder: '/d', passedOver, note: 'Drawn.' } as const;
    expect(dataCheck({ entry, source: drawn, problem: undefined })).toEqual({ name: 'mnist', state: 'note', text: 'Drawn.' });
  });

  it('tells of a problem in its own words', () => {
    expect(dataCheck({ entry, source: undefined, problem: 'Correct COURSE_DATA.' }))
      .toEqual({ name: 'mnist', state: 'problem', text: 'Correct COURSE_DATA.' });
  });
});
