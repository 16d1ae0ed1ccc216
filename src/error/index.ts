export * from './signed-image-error';
export { distinct, problemsOf } from './problem-collection';
