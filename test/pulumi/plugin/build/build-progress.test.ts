import { stepOf, withProgress } from '../../../../src/pulumi/plugin/build/build-progress';

let lines: string[];
const log = {
  debug: (line: string) => void lines.push(`debug ${line}`),
  info: (line: string) => void lines.push(`info ${line}`),
  note: (line: string) => void lines.push(`note ${line}`),
  warn: (line: string) => void lines.push(`warn ${line}`),
  status: (line: string) => void lines.push(`status ${line}`),
};
beforeEach(() => {
  lines = [];
  jest.useFakeTimers();
});
afterEach(() => void jest.useRealTimers());

// Lines of buildx 0.30 with BuildKit 0.26, docker 20.10, podman 4.3 and buildah 1.28.
test.each([
  ['#5 [2/3] RUN make', '2/3 RUN make'],
  ['#7 [build 4/9] COPY . /src', 'build 4/9 COPY . /src'],
  ['#12 [linux/arm64 build 4/9] RUN go build', 'linux/arm64 build 4/9 RUN go build'],
  ['#9 exporting to image', 'exporting to image'],
  ['Step 2/3 : RUN make', '2/3 RUN make'],
  ['STEP 2/3: RUN make', '2/3 RUN make'],
  ['[1/2] STEP 2/5: FROM scratch AS a', '2/5 FROM scratch AS a'],
  ['#1 [internal] load build definition from Dockerfile', undefined],
  ['#5 0.126 compiling', undefined],
  ['#5 DONE 0.1s', undefined],
  ['#5 0.126 step 2/3: not a step', undefined],
  ['COMMIT', undefined],
])('%j begins the step %j', (line, step) => {
  expect(stepOf(line)).toBe(step);
});

test('one status changes with the step and the time; the output is for --debug, notes are warnings', async () => {
  const result = await withProgress('podman', log, async (take) => {
    take('STEP 1/2: FROM scratch');
    take('compiling', 'output');
    await jest.advanceTimersByTimeAsync(11_000);
    take('the base image could not be pulled', 'note');
    await jest.advanceTimersByTimeAsync(52_000);
    take('STEP 2/2: RUN make');
    take('STEP 2/2: RUN make');
    return 7;
  });
  expect(result).toBe(7);
  expect(lines.filter((line) => !line.startsWith('debug'))).toEqual([
    'status podman: 1/2 FROM scratch (0s)',
    'status podman: 1/2 FROM scratch (5s)',
    'status podman: 1/2 FROM scratch (10s)',
    'warn the base image could not be pulled',
    ...[15, 20, 25, 30, 35, 40, 45, 50, 55].map((at) => `status podman: 1/2 FROM scratch (${at}s)`),
    'status podman: 1/2 FROM scratch (1m 0s)',
    'status podman: 2/2 RUN make (1m 3s)',
  ]);
  expect(lines.filter((line) => line.startsWith('debug'))).toHaveLength(4);
  jest.advanceTimersByTime(60_000);
  expect(lines.at(-1)).toBe('debug STEP 2/2: RUN make');
});

test('a failed build ends the status', async () => {
  const failed = withProgress('buildx', log, async () => Promise.reject(new Error('failed')));
  await expect(failed).rejects.toThrow('failed');
  jest.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
});
