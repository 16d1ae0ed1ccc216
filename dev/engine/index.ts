export { createEngine } from './engine';
export type {
  ConfigValue,
  Diagnostic,
  Engine,
  EngineEvent,
  EngineOptions,
  LogEntry,
  Operation,
  RunResult,
  Severity,
  Summary,
} from './types';
export { displayTo } from './display';
