import { imagesWithContexts, namedContextHash, parseContexts } from '../../src/build';
import { Context } from './requests';

test('a value is a folder, relative to the program, or an image', () => {
  const declared = { a: 'shared', b: '../c', d: 'docker-image://r.example/base:1', e: 'https://x' };
  expect(parseContexts(declared, '/p/q')).toEqual({
    a: { kind: 'folder', path: '/p/q/shared' },
    b: { kind: 'folder', path: '/p/c' },
    d: { kind: 'image', image: 'r.example/base:1' },
  });
});

test('a context replaces the image of its name, however that is written', () => {
  const contexts = parseContexts({ alpine: 'docker-image://r.example/own:1', tools: '.' }, '/p');
  const images = ['alpine', 'docker.io/library/alpine:latest', 'alpine:3', 'tools', 'busybox'];
  expect(imagesWithContexts(images, contexts)).toEqual(['alpine:3', 'busybox', 'r.example/own:1']);
  expect(imagesWithContexts(images)).toEqual(images);
});

describe('the content hash of a folder', () => {
  let context: Context;
  beforeEach(() => {
    context = new Context();
  });
  afterEach(() => context.remove());
  const hash = () => namedContextHash('shared', context.folder);

  test('changes with a file, and not with one that its ignore file leaves out', async () => {
    context.write('.dockerignore', '*.log\n');
    const before = await hash();
    context.write('a.log', 'x');
    expect(await hash()).toBe(before);
    context.write('hello', 'changed');
    expect(await hash()).not.toBe(before);
  });

  test('a folder that is gone, or an invalid ignore file, is an error on `build`', async () => {
    context.write('.dockerignore', '[a-\n');
    await expect(hash()).rejects.toMatchObject({ code: 'BUILD_CONTEXT_INVALID' });
    await expect(namedContextHash('x', `${context.folder}/no`)).rejects.toMatchObject({
      code: 'BUILD_CONTEXT_INVALID',
      property: 'build.contexts',
    });
  });
});
