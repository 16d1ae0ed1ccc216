import { InvalidInputError, type Problem } from '../../error';
import { refFault } from './ref-pattern';

/** Collects the problems of a preset's arguments. */
export class PresetProblems {
  private readonly problems: Problem[] = [];

  report(property: string, message: string): void {
    this.problems.push({ property, code: 'INPUT_INVALID', message });
  }

  checkText(property: string, value: unknown, pattern: RegExp, message: string): void {
    if (typeof value !== 'string' || !pattern.test(value)) this.report(property, message);
  }

  checkRef(property: string, ref: unknown): void {
    const fault = refFault(typeof ref === 'string' ? ref : '');
    if (fault !== undefined) this.report(property, fault);
  }

  checkServer(property: string, server: unknown): void {
    const message =
      'must be the URL of the server without a path, for example https://ci.example.com';
    this.checkText(property, server, /^https:\/\/[^\s/@?#]+$/, message);
  }

  /** Checks the required runner, which only a claim names. `hosted`: the runners of the service itself. */
  checkRunner(
    { runnerEnvironment, subjectOnly }: { runnerEnvironment?: unknown; subjectOnly?: unknown },
    hosted: string,
  ): void {
    if (![undefined, hosted, 'self-hosted'].some((known) => known === runnerEnvironment))
      this.report('runnerEnvironment', `must be ${hosted} or self-hosted`);
    if (subjectOnly === true && runnerEnvironment !== undefined)
      this.report('subjectOnly', 'must be false to require a runner, which only a claim names');
  }

  /** @throws InvalidInputError with all problems */
  throwIfAny(): void {
    if (this.problems.length > 0) throw new InvalidInputError(this.problems);
  }
}
