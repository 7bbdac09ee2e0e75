import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { tslabVersion, typeScriptVersion, TYPESCRIPT, WRITTEN_FOR } from '../../kernel/src/tslab';

const require = createRequire(__filename);

describe('tslab', () => {
  it('has the version that kernel/src/tslab.ts was written for', () => {
    expect(tslabVersion, 'read kernel/src/tslab.ts against the new version, then change WRITTEN_FOR').toBe(WRITTEN_FOR);
    expect(typeScriptVersion).toBe('5.0.4');
  });

  it('has the private parts that the kernel takes, in the shape that it takes them', () => {
    const jupyter = require('tslab/dist/jupyter');
    expect(jupyter.lastWriteDisplayData).toBeNull();
    for (const method of ['handleIsComplete', 'handleInspect', 'handleComplete']) {
      expect(jupyter.JupyterHandlerImpl.prototype[method], method).toBeTypeOf('function');
    }
    expect(require('tslab/dist/converter').createConverter).toHaveLength(1);
    expect(require('tslab/dist/executor').createExecutor).toHaveLength(3);
    const ts = require(TYPESCRIPT);
    expect(ts.createWatchCompilerHost).toBeTypeOf('function');
    expect(ts.transpileModule).toHaveLength(2);
  });
});
