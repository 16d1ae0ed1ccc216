export * from './recording-proxy';
