export { compileExpression, ExpressionError } from './expression';
export { hasMatch } from './program';
