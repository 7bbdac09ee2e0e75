import { describe, expect, it } from 'vitest';
import { dataCheck, formatChecks } from '../../setup/commands/doctor.mjs';

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
  const passedOver = [{ kind: 'folder', reason: 'COURSE_DATA is not set' }] as const;

  it('says why the data does not come from a place before', () => {
    expect(dataCheck('Data', { kind: 'cache', folder: '/c', passedOver, note: 'From /c.' }))
      .toEqual({ name: 'Data', state: 'ok', text: 'From /c.\n(not from a folder: COURSE_DATA is not set)' });
    expect(dataCheck('Data', { kind: 'folder', folder: '/f', passedOver: [], note: 'From /f.' }).text).toBe('From /f.');
  });

  it('notes that data is drawn, and says how to get the real data', () => {
    const check = dataCheck('Data', { kind: 'drawn', folder: '/d', passedOver, note: 'Drawn.' });
    expect(check).toMatchObject({ state: 'note', text: 'Drawn.', advice: expect.stringContaining('COURSE_DATA') });
  });
});
