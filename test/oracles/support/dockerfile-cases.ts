import fc from 'fast-check';

import type { DockerfileCase } from './dockerfile-case';
import { LINES, TAGS } from './dockerfiles';

const variables = fc.constantFrom(
  'V',
  'W',
  'EMPTY',
  'TARGETARCH',
  'BUILDPLATFORM',
  'NONE',
  'é',
  '1',
);

const operator = fc.constantFrom(
  '-',
  ':-',
  '+',
  ':+',
  '?',
  ':?',
  '#',
  '##',
  '%',
  '%%',
  ':',
  ':#',
  '',
);

const inner = fc.constantFrom(
  ...[
    'v',
    'v*',
    '*',
    '?',
    '*.',
    '\\*',
    '\\}',
    'a"b"',
    "'q'",
    '$W',
    '${W}',
    '${W:-x}',
    '${W#w}',
    '',
  ],
  ...['1.2', '??', 'v/x', '\\/', ' ', '`}', '\\\\', '.*', '[a]', '$', '$$'],
);

const substitution = fc.oneof(
  fc.tuple(variables, operator, inner).map(([name, op, word]) => `\${${name}${op}${word}}`),
  fc
    .tuple(variables, fc.constantFrom('/', '//'), inner, inner)
    .map(([name, op, pattern, by]) => `\${${name}${op}${pattern}/${by}}`),
  variables.map((name) => `$${name}`),
  variables.map((name) => `\${${name}}`),
);

const noise = fc.constantFrom(
  ...[
    '"',
    "'",
    '\\',
    '`',
    '$',
    '{',
    '}',
    '${',
    '<',
    '<<',
    ' ',
    'a',
    'b1',
    '.',
    '/',
    '\\"',
    '\\$',
    'é',
  ],
  ...['$@', '$1', '$?', '${}', '${:}', '\uFEFF', '\u00a0', '-', '\t', '\\\\', '"x"', "'x'", '$(a)'],
);

/** Words for the shell lexer. */
export const word: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 2, arbitrary: substitution }, { weight: 3, arbitrary: noise }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

const image = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b:1', 'reg.example/a', 'reg.example:5000/b/c:2') },
  { weight: 6, arbitrary: fc.constantFrom('one', 'two', 'three', 'scratch', 'One', '0', '"a:3"') },
  { weight: 6, arbitrary: substitution.map((text) => `reg.example/x:${text}`) },
  { weight: 3, arbitrary: substitution },
  { weight: 1, arbitrary: word },
);

const stageName = fc.constantFrom('one', 'two', 'three', 'Two', 'THREE', 'scratch', 'x-1', '9x');

const from = fc
  .tuple(
    fc.constantFrom('FROM', 'FROM', 'from', 'From'),
    fc.constantFrom('', '', '', '--platform=$BUILDPLATFORM ', '--platform=linux/arm64 ', '--x '),
    image,
    fc.oneof(
      fc.constant(''),
      stageName.map((name) => ` AS ${name}`),
      stageName.map((name) => ` as  ${name}`),
    ),
  )
  .map(([keyword, flag, base, name]) => `${keyword} ${flag}${base}${name}`);

const source = fc.constantFrom(
  ...['one', 'two', 'Three', '0', '1', '2', '3', 'tools:1', 'reg.example/t', 'scratch', '"two"'],
  ...["'tools:2'", '$V', 'a$', '+1', '-1', '007', ''],
);

const mount = fc.tuple(
  fc.constantFrom(
    'type=bind,',
    'type=cache,',
    'type=secret,id=s,',
    'type=tmpfs,',
    '',
    'TYPE=bind,',
  ),
  fc.oneof(
    fc.constant(''),
    source.map((name) => `from=${name},`),
    source.map((name) => `FROM=${name},`),
  ),
  fc.constantFrom(
    'target=/t',
    'target=/t,rw',
    '"target=/t"',
    'target=/é,source=/x',
    'dst=/t,from=one',
  ),
);

const instruction = fc.oneof(
  source.map((name) => `COPY --from=${name} / /x`),
  source.map((name) => `copy --chown=1:1 --from="${name}" --link /a /b`),
  source.map((name) => `COPY --from=${name} ["/a b", "/c"]`),
  mount.map((parts) => `RUN --mount=${parts.join('')} true`),
  mount.map(
    (parts) => `RUN --mount=${parts.join('')} --network=none --mount=type=cache,target=/c x`,
  ),
  source.map((name) => `ONBUILD COPY --from=${name} / /x`),
  mount.map((parts) => `ONBUILD RUN --mount=${parts.join('')} true`),
  fc.constantFrom(
    ...['RUN echo hi', 'RUN ["a", "b"]', 'RUN ["a", 1]', 'CMD ["x"]', 'CMD x', 'ENTRYPOINT ["x"]'],
    ...[
      'ENV A=b C="d e"',
      'ENV A b c',
      'LABEL a=b "c"="d"',
      'EXPOSE 80/tcp 81',
      'USER 1:1',
      'ARG V=9',
    ],
    ...[
      'VOLUME ["/a"]',
      'VOLUME /a /b',
      'WORKDIR /w',
      'STOPSIGNAL TERM',
      'SHELL ["/bin/sh", "-c"]',
    ],
    ...[
      'HEALTHCHECK NONE',
      'HEALTHCHECK --interval=5s CMD x',
      'MAINTAINER me',
      'ARG X Y=1',
      'ADD a b',
    ],
    ...[
      'ADD https://x.example/f /f',
      'ADD --chown=1 a /b',
      'ONBUILD RUN x',
      'ONBUILD ADD a b',
      'COPY a b',
    ],
    ...[
      'RUN echo $((1<<2))',
      'RUN cat <<< x',
      'RUN a && \\\n  b',
      'RUN a \\\n# comment\n  b',
      '# comment',
    ],
    ...[
      'RUN a \\\n\n\n  && b',
      'RUN a \\  \n b',
      'RUN a \\\\',
      'RUN a\\\\\\',
      'RUN `\n b',
      '',
      '   ',
      '\t# x',
    ],
    ...[
      'RUN <<EOF\nFROM z\nEOF',
      'RUN <<-EOF\n\tFROM z\n\tEOF',
      'COPY <<\'A\' <<"B" /d\nFROM z\nA\nFROM y\nB',
    ],
    ...[
      'RUN 3<<EOF cat\nCOPY --from=z / /\nEOF',
      'ONBUILD RUN <<E\nFROM z\nE',
      'RUN << E\nx\nE',
      'ADD <<E /e\nx\nE',
    ],
    ...[
      'RUN ["<<EOF"]',
      'RUN echo "<<EOF"',
      'RUN echo \\<<EOF',
      'RUN <<$X\ny\n$X',
      'RUN <<E\nx\n E\nE\r',
      'BOGUS x',
    ],
    ...[
      'RUN --security=insecure x',
      'RUN -- --mount=from=z',
      'COPY --bogus a b',
      'RUN --mount=type=bind\\,from=z x',
    ],
    ...[
      'COPY --from=one --from=two a b',
      'RUN --mount=from=a,from=b,target=/t x',
      'COPY \\\n --from=two \\\n a b',
    ],
  ),
);

const globalArg = fc.oneof(
  fc.constantFrom(
    'ARG V=v1.2',
    'ARG V',
    'ARG W="w x"',
    'ARG EMPTY=',
    'ARG TARGETARCH',
    'ARG V=v1 W=$V',
  ),
  fc.constantFrom(
    "ARG W='$V'",
    'ARG TARGETARCH=mine',
    'arg V=a\\ b',
    'ARG =x',
    'ARG',
    'ARG V="a',
    'ARG É=1',
  ),
  fc.tuple(fc.constantFrom('V', 'W'), word).map(([name, text]) => `ARG ${name}=${text}`),
);

const top = fc.constantFrom(
  ...[
    '',
    '',
    '',
    '',
    '# escape=`\n',
    '# syntax=docker/dockerfile:1\n',
    '# check=skip=all\n',
    '#\n',
  ],
  ...[
    '# syntax=docker/dockerfile:1\n# escape=`\n',
    '# comment\n# escape=`\n',
    '#escape = \\ \n',
    '\n# escape=`\n',
  ],
  ...[
    '# escape=`\n# escape=`\n',
    '# escape=x\n',
    '# Syntax=x.example/y:1 more\n',
    '//syntax=z\n',
    '#!/x\n# syntax=q\n',
  ],
);

const stage = fc
  .tuple(from, fc.array(instruction, { maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest].join('\n'));

/** A stage as BuildKit accepts it, on its own. */
const tameStage = fc
  .tuple(
    fc.constantFrom('a', 'b:1', 'scratch', 'reg.example/c', 'one', '${TARGETARCH}', 'two:2'),
    fc.oneof(
      fc.constant(''),
      fc.constantFrom(...TAGS).map((tag) => `reg.example/t:${tag}`),
    ),
    fc.constantFrom('', ' AS two', ' as Three', ' AS one', ' AS x-1'),
    fc.array(fc.constantFrom(...LINES), { maxLength: 4 }),
  )
  .map(([base, tagged, name, rest]) =>
    [`FROM ${tagged === '' ? base : tagged}${name}`, ...rest].join('\n'),
  );

const tame = fc.record({
  mark: fc.constantFrom('', '', '\uFEFF'),
  top: fc.constantFrom('', '', '# syntax=docker/dockerfile:1\n', '# c\n', '# check=skip=all\n'),
  globals: fc.constant(['ARG V=v1.2.3', 'ARG E=', 'ARG U', 'FROM one:1 AS one']),
  stages: fc.array(tameStage, { minLength: 1, maxLength: 4 }),
});

const wild = fc.record({
  mark: fc.constantFrom('', '', '', '\uFEFF'),
  top,
  globals: fc.array(globalArg, { maxLength: 2 }),
  stages: fc.array(stage, { minLength: 1, maxLength: 3 }),
});

const tameArgs = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  { V: 'v7' },
  { TARGETARCH: 'riscv64' },
  { U: 'u1', V: 'v.v' },
);
const wildArgs = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  { V: '' },
  { NONE: 'x', W: 'a$V"' },
);

/** Complete files with all instructions, both valid for BuildKit and unusual. */
export const dockerfile: fc.Arbitrary<DockerfileCase> = fc
  .tuple(
    fc.oneof(
      { weight: 2, arbitrary: fc.tuple(tame, tameArgs) },
      { weight: 1, arbitrary: fc.tuple(wild, fc.oneof(tameArgs, wildArgs)) },
    ),
    fc.constantFrom('\n', '\n', '\n', '\r\n'),
    fc.constantFrom('\n', '', '\n\n', ' \\\n'),
    fc.constantFrom(undefined, undefined, undefined, undefined, 'one', 'TWO', 'none'),
    fc.constantFrom('linux/amd64', 'linux/arm64/v8', 'linux/arm/v7', 'linux/arm', 'linux/386'),
  )
  .map(([[parts, args], ending, end, target, platform]) => ({
    text: `${parts.mark}${parts.top}${parts.globals.map((line) => `${line}\n`).join('')}`
      .concat(parts.stages.join('\n'), end)
      .replaceAll('\n', ending),
    args,
    platform,
    ...(target !== undefined && { target }),
  }));
