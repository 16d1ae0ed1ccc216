import type { CheckpointStore } from '../../../src/log-audit';

/** A checkpoint in memory. */
export interface MemoryStore extends CheckpointStore {
  text: string | undefined;
}

export function memoryStore(): MemoryStore {
  const store: MemoryStore = {
    text: undefined,
    read: () => Promise.resolve(store.text),
    write: (text) => {
      store.text = text;
      return Promise.resolve();
    },
  };
  return store;
}
