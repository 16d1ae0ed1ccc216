import { lazy } from '../../../../src/pulumi/plugin/protocol/first-use';

describe('what is made on its first use', () => {
  it('is created on first use, and once', () => {
    let times = 0;
    const thing = lazy(() => ({ number: (times += 1) }));

    expect(thing.created).toBeUndefined();
    expect([thing.get(), thing.get()]).toEqual([{ number: 1 }, { number: 1 }]);
    expect(thing.created).toBe(thing.get());
  });

  it('is tried again when it could not be made', () => {
    const tries = [new Error('not yet')];
    const thing = lazy(() => {
      const failure = tries.pop();
      if (failure) throw failure;
      return { made: true };
    });

    expect(() => thing.get()).toThrow('not yet');
    expect(thing.get()).toEqual({ made: true });
  });
});
