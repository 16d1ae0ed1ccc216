import type {
  Diagnostic,
  EngineEvent,
  LogEntry,
  Operation,
  Severity,
  Summary,
  Violation,
} from '../types';
import type { Wire } from '../wire/signature';

const MIN_SECRET_LENGTH = 3;
/** Steps of a replacement that the summary counts as one `replace`. */
const PARTS: ReadonlySet<Operation> = new Set(['create-replacement', 'delete-replaced']);

/** Collects the steps and messages of a run, and forwards them. Secret config values are redacted, as by the real CLI. */
export class Reporter {
  readonly events: EngineEvent[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly violations: Violation[] = [];
  readonly #sink: (entry: LogEntry) => void;
  readonly #secrets: readonly string[];

  constructor(sink: (entry: LogEntry) => void, secrets: readonly string[]) {
    this.#sink = sink;
    this.#secrets = secrets.filter((text) => text.length >= MIN_SECRET_LENGTH);
  }

  log(severity: Severity, message: string, urn?: string, ephemeral = false): void {
    const diagnostic: Diagnostic = {
      severity,
      message: this.#clean(message),
      ...(urn !== undefined && urn !== '' && { urn }),
    };
    if (!ephemeral) this.diagnostics.push(diagnostic);
    this.#sink({ kind: 'diagnostic', diagnostic, ephemeral });
  }

  violation(found: Violation): void {
    const violation = { ...found, message: this.#clean(found.message) };
    this.violations.push(violation);
    this.#sink({ kind: 'violation', violation });
  }

  line(source: 'program' | 'plugin', line: string): void {
    this.#sink({ kind: 'output', source, line: this.#clean(line) });
  }

  start(event: EngineEvent): void {
    this.#sink({ kind: 'step', phase: 'start', event });
  }

  done(event: EngineEvent): void {
    this.events.push(event);
    this.#sink({ kind: 'step', phase: 'done', event });
  }

  outputs(outputs: Readonly<Record<string, Wire>>): void {
    this.#sink({ kind: 'outputs', outputs });
  }

  summary(): Summary {
    const counts: Partial<Record<Operation, number>> = {};
    for (const { op } of this.events) {
      if (!PARTS.has(op)) counts[op] = (counts[op] ?? 0) + 1;
    }
    return counts;
  }

  #clean(text: string): string {
    return this.#secrets.reduce((line, secret) => line.replaceAll(secret, '[secret]'), text);
  }
}
