import type * as cel from '@bufbuild/cel';

import { InvalidInputError, messageOf } from '../../error';
import type { SignerDescription } from '../../key/signer';

/** The values that a condition may use. */
export interface ConditionInput {
  /** The in-toto statement; an empty object for a signature in the legacy format, which has none. */
  readonly statement: unknown;
  /** `statement.predicate`. */
  readonly predicate: unknown;
  /** The signed pairs of the subject. */
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly signer: SignerDescription;
  readonly now: Date;
}

/** A compiled condition. */
export interface Condition {
  readonly text: string;
  /** Returns why the condition is not met; `undefined` if it is. */
  readonly fault: (input: ConditionInput) => string | undefined;
}

/** Long enough for a list of allowed licences; a longer text is data, which belongs elsewhere. */
export const MAX_CONDITION_LENGTH = 16 * 1024;

const VARIABLES = ['statement', 'predicate', 'annotations', 'signer', 'now'] as const;

/** https://github.com/google/cel-spec/blob/master/doc/langdef.md#values; `google` begins the names of messages. */
const TYPE_NAMES: readonly string[] = [
  'bool',
  'bytes',
  'double',
  'duration',
  'google',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'timestamp',
  'type',
  'uint',
];

type Expr = NonNullable<ReturnType<typeof cel.parse>['expr']>;

/**
 * Compiles a condition in the Common Expression Language. The library is loaded only here: most policies have no
 * condition.
 *
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md
 *
 * @param property the path of the input, for errors
 * @throws InvalidInputError on that property, if it does not compile, names what does not exist, or cannot give
 *   true or false
 */
export async function compileCondition(text: string, property: string): Promise<Condition> {
  const invalid = (message: string, cause?: unknown): InvalidInputError =>
    new InvalidInputError([
      { property, code: 'INPUT_INVALID', message, ...(cause !== undefined && { cause }) },
    ]);
  if (text.trim() === '')
    throw invalid('is empty: give an expression that is true or false, or leave it out');
  if (text.length > MAX_CONDITION_LENGTH) {
    throw invalid(`has ${text.length} characters, and at most ${MAX_CONDITION_LENGTH} are allowed`);
  }
  const { celEnv, isCelError, parse, plan } = await import('@bufbuild/cel');
  const { timestampFromDate } = await import('@bufbuild/protobuf/wkt');
  const environment = celEnv();
  let run: (input: Record<string, unknown>) => unknown;
  try {
    const parsed = parse(text);
    const fault = nameFault(
      parsed.expr,
      new Set(VARIABLES),
      (name) => environment.funcs.find(name) !== undefined,
    );
    if (fault !== undefined) throw new SyntaxError(fault);
    if (isNoBoolean(parsed.expr)) throw new SyntaxError('it cannot give true or false');
    run = plan(environment, parsed) as typeof run;
  } catch (error) {
    throw invalid(`is not a valid condition in CEL: ${messageOf(error)}`, error);
  }
  return {
    text,
    fault: ({ now, ...input }) => {
      const result = run({ ...input, now: timestampFromDate(now) });
      if (result === true) return undefined;
      if (result === false) return `it does not meet the condition ${shown(text)}`;
      const why = isCelError(result) ? result.message : 'the result is neither true nor false';
      return `the condition ${shown(text)} cannot be evaluated: ${why}`;
    },
  };
}

function shown(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return JSON.stringify(line.length > 200 ? `${line.slice(0, 200)}...` : line);
}

/** Returns what is wrong with the names in an expression: evaluation would report each only when it is reached. */
function nameFault(
  expr: Expr | undefined,
  known: ReadonlySet<string>,
  hasFunction: (name: string) => boolean,
): string | undefined {
  const within = (next: Expr | undefined, names = known): string | undefined =>
    nameFault(next, names, hasFunction);
  const first = (faults: readonly (string | undefined)[]): string | undefined =>
    faults.find(Boolean);
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case 'identExpr': {
      const name = kind.value.name.replace(/^\./, '');
      if (known.has(name) || TYPE_NAMES.includes(name)) return undefined;
      return `there is no ${JSON.stringify(name)}; a condition may use ${VARIABLES.join(', ')}`;
    }
    case 'selectExpr':
      return within(kind.value.operand);
    case 'callExpr': {
      const { function: name, target, args } = kind.value;
      const isOperator = !/^[a-z]/i.test(name);
      // A qualified name, for example `math.greatest`, is parsed as a method.
      if (!isOperator && !hasFunction(name)) return `there is no function ${JSON.stringify(name)}`;
      return within(target) ?? first(args.map((each) => within(each)));
    }
    case 'listExpr':
      return first(kind.value.elements.map((each) => within(each)));
    case 'structExpr':
      return first(
        kind.value.entries.map((entry) =>
          first([
            entry.keyKind.case === 'mapKey' ? within(entry.keyKind.value) : undefined,
            within(entry.value),
          ]),
        ),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, accuVar, iterVar, iterVar2, loopCondition, loopStep, result } =
        kind.value;
      const inner = new Set([...known, accuVar, iterVar, iterVar2]);
      return first([
        within(iterRange),
        within(accuInit),
        ...[loopCondition, loopStep, result].map((each) => within(each, inner)),
      ]);
    }
    default:
      return undefined;
  }
}

const NO_BOOLEAN_OPERATORS: readonly string[] = ['_+_', '_-_', '_*_', '_/_', '_%_', '-_', 'size'];

/** Whether an expression is certainly not of type bool; the types of most are known only when evaluated. */
function isNoBoolean(expr: Expr | undefined): boolean {
  const kind = expr?.exprKind;
  if (kind?.case === 'constExpr') return kind.value.constantKind.case !== 'boolValue';
  if (kind?.case === 'callExpr') return NO_BOOLEAN_OPERATORS.includes(kind.value.function);
  return kind?.case === 'listExpr' || kind?.case === 'structExpr';
}
