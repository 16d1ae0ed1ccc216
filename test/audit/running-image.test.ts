import { parseImageId } from '../../src/audit/running-image';

const DIGEST = `sha256:${'1a'.repeat(32)}`;
const REPOSITORY = { registry: 'registry.example.com:5000', path: 'team/app' };
const NAME = 'registry.example.com:5000/team/app';

describe('the image id of a container', () => {
  test.each([`${NAME}@${DIGEST}`, `docker-pullable://${NAME}@${DIGEST}`])(
    '%s names a manifest',
    (text) => {
      expect(parseImageId(text)).toEqual({
        kind: 'pinned',
        repository: REPOSITORY,
        digest: DIGEST,
      });
    },
  );

  test('a name without a host is one of Docker Hub', () => {
    expect(parseImageId(`nginx@${DIGEST}`)).toMatchObject({
      repository: { registry: 'index.docker.io', path: 'library/nginx' },
    });
  });

  test.each([DIGEST, `docker://${DIGEST}`, DIGEST.slice('sha256:'.length)])(
    '%s is a config digest, which does not identify an image in a registry',
    (text) => {
      expect(parseImageId(text)).toEqual({ kind: 'config' });
    },
  );

  test.each([NAME, `${NAME}:v1`, `${NAME}@sha256:12`, 'sha512:00', 'a b', '', '@@'])(
    '"%s" does not contain a digest',
    (text) => {
      expect(parseImageId(text)).toEqual({ kind: 'unreadable' });
    },
  );
});
