import { dirname, join, relative, resolve } from 'node:path';

import ts from 'typescript';

/** One message that `src` can produce. */
export interface ErrorMessage {
  /** The codes that it can have. */
  readonly codes: readonly string[];
  /** Its text, with `<name>` in place of each value. */
  readonly pattern: string;
  /** The file, from the root of the repository. */
  readonly file: string;
}

/** A parameter that becomes a message, or a part of one. */
interface Sink {
  readonly codes: readonly string[];
  /** The text around the parameter. */
  readonly patterns: readonly string[];
}

const PLACE = '\u0000';
const MAX_ALTERNATIVES = 64;

const compilerOptions = (root: string): ts.ParsedCommandLine =>
  ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );

/**
 * Finds every message of an error in `src`: the `message` of an object with a `code`, the `reason` of one with a
 * `propertyPath`, and what is passed to functions that put it into one of these.
 */
export class MessageCollector {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #root: string;
  readonly #known: ReadonlySet<string>;
  readonly #sinks = new Map<ts.Node, Sink[]>();
  readonly #messages = new Map<string, ErrorMessage>();
  readonly #following = new Set<ts.Node>();
  #changed = false;

  constructor(root: string, codes: readonly string[]) {
    const { fileNames, options } = compilerOptions(root);
    this.#root = root;
    this.#known = new Set(codes);
    this.#program = ts.createProgram(
      fileNames.filter((name) => name.startsWith(join(root, 'src'))),
      options,
    );
    this.#checker = this.#program.getTypeChecker();
  }

  collect(): readonly ErrorMessage[] {
    const files = this.#program
      .getSourceFiles()
      .filter(({ fileName }) => resolve(fileName).startsWith(join(this.#root, 'src')));
    // Sinks are found by earlier sinks, so the search is repeated until it finds nothing new.
    do {
      this.#changed = false;
      for (const file of files) this.#visit(file);
    } while (this.#changed);
    return [...this.#messages.values()].sort(
      (a, b) =>
        (a.codes[0] ?? '').localeCompare(b.codes[0] ?? '') || a.pattern.localeCompare(b.pattern),
    );
  }

  #visit(node: ts.Node): void {
    if (ts.isObjectLiteralExpression(node)) this.#visitObject(node);
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) this.#visitCall(node);
    ts.forEachChild(node, (child) => this.#visit(child));
  }

  #visitObject(node: ts.ObjectLiteralExpression): void {
    const code = memberOf(node, 'code');
    const message = memberOf(node, 'message') ?? memberOf(node, 'reason');
    if (code !== undefined && message !== undefined) {
      const codes = this.#codesOf(code);
      if (codes.length > 0) this.#record(message, { codes, patterns: [PLACE] });
    }
    const reason = memberOf(node, 'reason');
    if (memberOf(node, 'propertyPath') !== undefined && reason !== undefined) {
      this.#record(reason, { codes: ['INPUT_INVALID'], patterns: [PLACE] });
    }
  }

  #visitCall(node: ts.CallExpression | ts.NewExpression): void {
    const declaration = this.#checker.getResolvedSignature(node)?.declaration;
    if (declaration === undefined || !ts.isFunctionLike(declaration)) return;
    declaration.parameters.forEach((parameter, index) => {
      const argument = node.arguments?.[index];
      if (argument === undefined) return;
      for (const sink of this.#sinks.get(parameter) ?? []) {
        this.#record(argument, { ...sink, codes: this.#narrowed(sink, node, declaration) });
      }
    });
  }

  /** A function that takes its code as a parameter has, at a call, the code that is passed there. */
  #narrowed(
    { codes }: Sink,
    node: ts.CallExpression | ts.NewExpression,
    declaration: ts.SignatureDeclaration,
  ): readonly string[] {
    for (const [index] of declaration.parameters.entries()) {
      const argument = node.arguments?.[index];
      const passed = argument === undefined ? [] : this.#codesOf(argument);
      if (passed.length > 0 && passed.length < codes.length) return passed;
    }
    return codes;
  }

  /** The codes that an expression can have, by its type. */
  #codesOf(expression: ts.Expression): readonly string[] {
    const type = this.#checker.getTypeAtLocation(expression);
    const types = type.isUnion() ? type.types : [type];
    const texts = types.flatMap((each) => (each.isStringLiteral() ? [each.value] : []));
    return texts.length > 0 && texts.every((text) => this.#known.has(text)) ? texts : [];
  }

  #record(expression: ts.Expression, { codes, patterns }: Sink): void {
    for (const part of this.#alternatives(expression)) {
      if (part.parameter !== undefined) {
        this.#addSink(part.parameter, {
          codes,
          patterns: patterns.map((pattern) => pattern.replace(PLACE, () => part.text)),
        });
      }
      if (part.isOpen) continue;
      for (const pattern of patterns) {
        this.#addMessage(
          codes,
          pattern.replace(PLACE, () => part.text),
          expression,
        );
      }
    }
  }

  #addSink(parameter: ts.ParameterDeclaration, sink: Sink): void {
    const sinks = this.#sinks.get(parameter) ?? [];
    const key = JSON.stringify(sink);
    if (sinks.length >= MAX_ALTERNATIVES || sinks.some((each) => JSON.stringify(each) === key)) {
      return;
    }
    this.#sinks.set(parameter, [...sinks, sink]);
    this.#changed = true;
    const declared = this.#declaredParameter(parameter);
    if (declared !== undefined && declared !== parameter) this.#addSink(declared, sink);
  }

  /** For a function expression, the parameter of the type that it is used as: callers see only that one. */
  #declaredParameter(parameter: ts.ParameterDeclaration): ts.ParameterDeclaration | undefined {
    const owner = parameter.parent;
    if (!ts.isArrowFunction(owner) && !ts.isFunctionExpression(owner)) return undefined;
    const signature = this.#checker.getContextualType(owner)?.getCallSignatures()[0];
    const declaration = signature?.declaration;
    if (declaration === undefined || !ts.isFunctionLike(declaration)) return undefined;
    return declaration.parameters[owner.parameters.indexOf(parameter)] as
      ts.ParameterDeclaration | undefined;
  }

  #addMessage(codes: readonly string[], pattern: string, at: ts.Node): void {
    const file = relative(this.#root, at.getSourceFile().fileName).replaceAll('\\', '/');
    const text = pattern.replaceAll(PLACE, '<text>').replace(/\s+/g, ' ').trim();
    // A message that is all value is listed where the value is made.
    if (text.replace(/<[^>]*>/g, '').replace(/[^a-z]/gi, '').length < 3) return;
    const key = `${codes.join()} ${text}`;
    if (!this.#messages.has(key)) {
      this.#messages.set(key, { codes: [...codes].sort(), pattern: text, file });
      this.#changed = true;
    }
  }

  /** The texts that an expression can have. */
  #alternatives(expression: ts.Expression): readonly Alternative[] {
    const node = unwrapped(expression);
    if (ts.isStringLiteralLike(node)) return [{ text: node.text }];
    if (ts.isConditionalExpression(node)) {
      return [...this.#alternatives(node.whenTrue), ...this.#alternatives(node.whenFalse)];
    }
    if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      if (kind === ts.SyntaxKind.PlusToken) {
        return joined([this.#alternatives(node.left), this.#alternatives(node.right)]);
      }
      if (kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken) {
        return [...this.#alternatives(node.left), ...this.#alternatives(node.right)];
      }
    }
    if (ts.isTemplateExpression(node)) {
      return joined([
        [{ text: node.head.text }],
        ...node.templateSpans.flatMap(({ expression: value, literal }) => [
          this.#valueOf(value),
          [{ text: literal.text }],
        ]),
      ]);
    }
    return this.#valueOf(node);
  }

  /** A value within a message: its name, or, for a parameter that is all of it, a sink. */
  #valueOf(expression: ts.Expression): readonly Alternative[] {
    const node = unwrapped(expression);
    if (ts.isStringLiteralLike(node)) return [{ text: node.text }];
    if (ts.isConditionalExpression(node) || ts.isTemplateExpression(node)) {
      return this.#alternatives(node);
    }
    if (ts.isIdentifier(node)) {
      const declaration = this.#symbolOf(node)?.valueDeclaration;
      if (declaration !== undefined && ts.isParameter(declaration) && this.#isText(node)) {
        return [{ text: PLACE, parameter: declaration, isOpen: true }];
      }
      const member = declaration && ts.isBindingElement(declaration) ? declaration : undefined;
      if (member?.initializer !== undefined && isWritten(member.initializer)) {
        return [...this.#alternatives(member.initializer), { text: `<${node.text}>` }];
      }
      if (
        declaration !== undefined &&
        ts.isVariableDeclaration(declaration) &&
        declaration.initializer !== undefined &&
        this.#isText(node) &&
        isWritten(declaration.initializer)
      ) {
        return this.#alternatives(declaration.initializer);
      }
    }
    const returned = ts.isCallExpression(node) ? this.#returnedBy(node) : [];
    return returned.length > 0 ? returned : [{ text: `<${nameOf(node)}>` }];
  }

  /** The texts that a function of `src` returns, where it writes them itself. */
  #returnedBy(node: ts.CallExpression): readonly Alternative[] {
    const declaration = this.#checker.getResolvedSignature(node)?.declaration;
    const isOwn = declaration?.getSourceFile().fileName.startsWith(join(this.#root, 'src'));
    if (!isOwn || !this.#isText(node) || !ts.isFunctionLike(declaration)) return [];
    const body = 'body' in declaration ? declaration.body : undefined;
    if (body === undefined || this.#following.has(body)) return [];
    this.#following.add(body);
    const texts: Alternative[] = [];
    const visit = (child: ts.Node): void => {
      if (ts.isReturnStatement(child) && child.expression !== undefined) {
        texts.push(...this.#writtenIn(child.expression));
      }
      if (!ts.isFunctionLike(child)) ts.forEachChild(child, visit);
    };
    if (ts.isBlock(body)) visit(body);
    else texts.push(...this.#writtenIn(body as ts.Expression));
    this.#following.delete(body);
    return texts.some(({ text }) => /[a-z]{3}/i.test(text.replace(/<[^>]*>/g, ''))) ? texts : [];
  }

  /** Without what the callers of the function pass to it: these are values here. */
  #writtenIn(expression: ts.Expression): readonly Alternative[] {
    if (!this.#isText(expression) && !isWritten(expression)) return [];
    return this.#alternatives(expression).map(({ text, parameter }) => ({
      text: text.replaceAll(PLACE, `<${parameter?.name.getText() ?? 'text'}>`),
    }));
  }

  #symbolOf(node: ts.Identifier): ts.Symbol | undefined {
    return ts.isShorthandPropertyAssignment(node.parent)
      ? this.#checker.getShorthandAssignmentValueSymbol(node.parent)
      : this.#checker.getSymbolAtLocation(node);
  }

  #isText(node: ts.Expression): boolean {
    const type = this.#checker.getNonNullableType(this.#checker.getTypeAtLocation(node));
    const types = type.isUnion() ? type.types : [type];
    return types.every(({ flags }) => (flags & ts.TypeFlags.StringLike) !== 0);
  }
}

interface Alternative {
  readonly text: string;
  /** The parameter that the text contains. */
  readonly parameter?: ts.ParameterDeclaration;
  /** Whether the text is complete only with the parameter. */
  readonly isOpen?: boolean;
}

/** Every combination of the parts; of two parameters in one text the first stays open, the other is a value. */
function joined(parts: readonly (readonly Alternative[])[]): readonly Alternative[] {
  let all: readonly Alternative[] = [{ text: '' }];
  for (const part of parts) {
    all = all
      .flatMap((left) =>
        part.map((right): Alternative => {
          if (left.parameter === undefined || right.parameter === undefined) {
            return { ...left, ...right, text: left.text + right.text };
          }
          const name = right.parameter.name.getText();
          return { ...left, text: left.text + right.text.replaceAll(PLACE, `<${name}>`) };
        }),
      )
      .slice(0, MAX_ALTERNATIVES);
  }
  return all;
}

function unwrapped(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) || ts.isAsExpression(node)
    ? unwrapped(node.expression)
    : node;
}

function isWritten(expression: ts.Expression): boolean {
  const node = unwrapped(expression);
  return (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateExpression(node) ||
    ts.isConditionalExpression(node) ||
    (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
  );
}

function memberOf(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const property of node.properties) {
    if (property.name?.getText() !== name) continue;
    if (ts.isPropertyAssignment(property)) return property.initializer;
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
  }
  return undefined;
}

/** A short name for a value in a message. */
function nameOf(expression: ts.Expression): string {
  const node = unwrapped(expression);
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return node.name.text.replace(/^#/, '');
  if (ts.isCallExpression(node)) {
    const [first] = node.arguments;
    return first === undefined ? nameOf(node.expression) : nameOf(first);
  }
  if (ts.isNonNullExpression(node) || ts.isAwaitExpression(node)) return nameOf(node.expression);
  if (ts.isElementAccessExpression(node)) return nameOf(node.expression);
  return 'value';
}

/** The root of the repository. */
export const ROOT = join(dirname(__filename), '..', '..');
