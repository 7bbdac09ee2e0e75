import { describe, expect, it } from 'vitest';
import { formatChecks } from '../../setup/commands/doctor.mjs';

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
