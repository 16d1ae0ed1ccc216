import type { EngineUnderTest, UnderTestOptions } from './engine-under-test';
import { localEngine } from './local';
import { hasRealCli, realCli } from './real-cli';

export type {
  EngineUnderTest,
  RunOutcome,
  StepOutcome,
  UnderTestOptions,
  ViolationOutcome,
} from './engine-under-test';
export { hasRealCli, localEngine, realCli };

export interface EngineKind {
  readonly engine: 'local' | 'real';
  readonly create: (options: UnderTestOptions) => EngineUnderTest;
}

/** The local engine, and the real one if `pulumi` is on the PATH; for `describe.each`. */
export const enginesUnderTest = (): readonly EngineKind[] => [
  { engine: 'local', create: localEngine },
  ...(hasRealCli() ? [{ engine: 'real' as const, create: realCli }] : []),
];
