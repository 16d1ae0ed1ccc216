export * from './signed-image-error';
