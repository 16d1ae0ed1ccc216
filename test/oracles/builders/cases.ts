import type { ImageSettings } from '../../../dev/builders';
import type { RealBuilderName } from '../../builders/support/workshop';

/** podman and buildah have the same libraries. */
const both = (error: RegExp) => ({ podman: error, buildah: error });
/** Everything older than the reference. */
const all = (docker: RegExp, containers: RegExp) => ({
  'buildx, dockerd 20.10': docker,
  docker,
  ...both(containers),
});

/** A Dockerfile that every builder gets. `BASE` in it is a base image with a shell. */
export interface ConfigCase {
  readonly name: string;
  readonly dockerfile: string;
  /** Settings of the base image. */
  readonly base?: ImageSettings;
  readonly args?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly target?: string;
  /**
   * Builders that refuse it, with the error message. The others must produce the reference's config;
   * where the reference fails as well, all of them must fail.
   */
  readonly refusedBy?: Readonly<Partial<Record<RealBuilderName, RegExp>>>;
}

const FULL_BASE: ImageSettings = {
  User: '1000',
  ExposedPorts: { '7000/tcp': {} },
  Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'INHERITED=from the base'],
  Entrypoint: ['/bin/sh', '-c'],
  Cmd: ['echo base'],
  Volumes: { '/base-volume': {} },
  WorkingDir: '/srv',
  Labels: { inherited: 'from the base' },
  StopSignal: 'SIGINT',
  Healthcheck: { Test: ['CMD', 'true'], Interval: 7_000_000_000, Retries: 2 },
  Shell: ['/bin/sh', '-ec'],
};

const EVERY_INSTRUCTION = `# every instruction
ARG VERSION=1
FROM BASE AS tools
ARG VERSION
RUN echo "$VERSION" > /version
FROM BASE AS app
MAINTAINER Jane Doe <jane@example.com>
ARG WHO=nobody
ENV ONE=1 TWO="two words" THREE=$WHO
ENV OLD style of ENV
LABEL plain=value "org.example.spaced"="two words" who=\${WHO}
EXPOSE 8080 53/udp
VOLUME ["/data", "/var/lib/app"]
VOLUME /logs /more
COPY --from=tools /version /version
COPY --chown=1000:1000 hello /srv/hello
ADD files.tar /unpacked/
RUN ["/bin/busybox", "touch", "/exec-form"]
RUN echo shell form > /shell-form
WORKDIR /srv
WORKDIR app
USER 1000:1000
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=3s --start-period=2s --retries=4 CMD wget -q http://localhost:8080/ || exit 1
ONBUILD COPY . /srv
ONBUILD RUN echo "triggered"
SHELL ["/bin/sh", "-ec"]
ENTRYPOINT ["/bin/busybox", "httpd"]
CMD ["-p", "8080", "-f"]
`;

/** A case of a few lines after FROM. */
const on = (name: string, lines: string, further: Partial<ConfigCase> = {}): ConfigCase => ({
  name,
  dockerfile: `FROM BASE\n${lines}\n`,
  ...further,
});

export const CASES: readonly ConfigCase[] = [
  { name: 'every instruction', dockerfile: EVERY_INSTRUCTION },
  {
    name: 'every instruction, with declared arguments, labels and target',
    dockerfile: `${EVERY_INSTRUCTION}FROM app AS unused\nENV UNUSED=1\n`,
    args: { WHO: 'some body', VERSION: '2' },
    labels: { declared: 'a label', plain: 'replaced' },
    target: 'app',
  },
  { name: 'scratch', dockerfile: 'FROM scratch\nCOPY hello /hello\n' },
  { name: 'scratch with CMD', dockerfile: 'FROM scratch\nCOPY hello /hello\nCMD ["/hello"]\n' },
  on('base settings are inherited', 'RUN true', { base: FULL_BASE }),
  on('HEALTHCHECK NONE removes that of the base', 'HEALTHCHECK NONE', { base: FULL_BASE }),
  on('HEALTHCHECK of the base is replaced', 'HEALTHCHECK CMD ["/bin/true"]', {
    base: FULL_BASE,
    refusedBy: { docker: /HEALTHCHECK inherited --interval/ },
  }),
  on('ENTRYPOINT resets the base CMD', 'ENTRYPOINT ["/bin/echo"]', { base: FULL_BASE }),
  on('CMD keeps the base ENTRYPOINT', 'CMD ["echo app"]', { base: FULL_BASE }),
  on('empty ENTRYPOINT and CMD', 'ENTRYPOINT []\nCMD []', { base: FULL_BASE }),
  on('WORKDIR relative to the base', 'WORKDIR deeper/still', { base: FULL_BASE }),
  on(
    'LABEL, ENV, EXPOSE and VOLUME are added to the base',
    'LABEL inherited=no own=yes\nENV INHERITED=no OWN=yes\nEXPOSE 7001\nVOLUME /own',
    { base: FULL_BASE },
  ),
  on('shell form under the SHELL of the base', 'CMD echo "$HOME"', {
    base: FULL_BASE,
    refusedBy: both(/CMD in shell form became/),
  }),
  on('ONBUILD of the base runs and is not inherited', 'LABEL own=1', {
    base: {
      OnBuild: ['ENV TRIGGERED=yes', 'LABEL triggered=yes', 'RUN echo triggered > /triggered'],
    },
  }),
  on('shell form of CMD', 'CMD echo "$HOME" && exec sleep 1'),
  on('shell form of ENTRYPOINT', 'ENTRYPOINT exec top -b'),
  on('shell form of ENTRYPOINT and CMD', 'ENTRYPOINT exec top -b\nCMD echo unused'),
  on('shell form of CMD under SHELL', 'SHELL ["/bin/sh", "-ec"]\nCMD echo "$HOME"', {
    refusedBy: both(/write CMD in exec form: CMD \["\/bin\/sh","-ec","..."\]/),
  }),
  on('shell form of ENTRYPOINT under SHELL', 'SHELL ["/bin/sh", "-ec"]\nENTRYPOINT exec top', {
    refusedBy: both(/ENTRYPOINT in shell form became/),
  }),
  on('shell form of CMD before SHELL', 'CMD echo "$HOME"\nSHELL ["/bin/sh", "-ec"]'),
  on('shell form of RUN under SHELL', 'SHELL ["/bin/busybox", "sh", "-c"]\nRUN echo 1 > /one'),
  on(
    'later instructions win',
    'CMD ["a"]\nCMD ["b"]\nENTRYPOINT ["c"]\nENTRYPOINT ["d"]\nUSER a\nUSER 7:8\nSTOPSIGNAL 9\nSTOPSIGNAL SIGTERM\nHEALTHCHECK CMD a\nHEALTHCHECK CMD b',
  ),
  on('CMD before ENTRYPOINT', 'CMD ["a"]\nENTRYPOINT ["b"]'),
  on(
    'HEALTHCHECK in exec form with all options',
    'HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=1h --retries=1 CMD ["/bin/true", "two words"]',
  ),
  on('HEALTHCHECK with defaults', 'HEALTHCHECK CMD true'),
  on(
    'ONBUILD of several kinds',
    'ONBUILD ADD . /app\nONBUILD RUN make "two words"\nONBUILD ENV A=1\nONBUILD USER 5',
  ),
  on('EXPOSE ranges', 'EXPOSE 9000-9002 9100-9101/udp', {
    refusedBy: both(/EXPOSE became `9000-9002\/tcp`/),
  }),
  on('EXPOSE with a variable', 'ARG PORT=808\nEXPOSE $PORT ${PORT}1/udp'),
  on('EXPOSE of an invalid port', 'EXPOSE 80801', {
    refusedBy: all(/[Ii]nvalid containerPort: 80801/, /EXPOSE became `80801\/tcp`/),
  }),
  on('EXPOSE with a range from a variable', 'ARG PORTS=8080-8082\nEXPOSE $PORTS', {
    refusedBy: both(/EXPOSE became `8080-8082\/tcp`/),
  }),
  on('EXPOSE in upper case', 'EXPOSE 53/UDP 80/TCP', {
    refusedBy: both(/the protocol in lower case/),
  }),
  on('EXPOSE twice', 'EXPOSE 80\nEXPOSE 80/tcp 443'),
  on('VOLUME forms', 'VOLUME /a\nVOLUME /b /c\nVOLUME ["/d", "/with space"]\nVOLUME /a'),
  on('VOLUME with a variable', 'ENV ROOT=/srv\nVOLUME $ROOT/data ${ROOT:-/x}/more'),
  on(
    'ENV quoting',
    'ENV A=\\"quoted\\" B=\'single $A\' C="double $A" D=back\\ slash E=a\\\n  F=second',
  ),
  on('ENV with operators', 'ENV A=${UNSET:-fallback} B=${PATH:+set} C=${UNSET} D=$A$B'),
  on('ENV with a dollar sign', 'ENV A=\\$HOME B="\\${X}" C=$$', {
    refusedBy: both(/keeps `\$\$` in ENV/),
  }),
  on('ENV sees the values before the line', 'ENV A=1\nENV A=2 B=$A\nENV C=$A$B'),
  on('ENV of PATH', 'ENV PATH=/opt/bin:$PATH'),
  on('ENV empty', 'ENV A= B=""'),
  on('LABEL quoting', 'LABEL "a b"=c d="e \\"f\\"" g=\'h $PATH\' i="j\\\nk" empty='),
  on(
    'LABEL with a variable',
    'ARG COMMIT=abc\nLABEL commit=$COMMIT other="x${COMMIT}y" none=$UNSET',
  ),
  on('ARG is not kept', 'ARG A=1\nARG B\nENV C=$A$B'),
  on('ENV wins over ARG', 'ARG A=arg\nENV A=env\nENV B=$A', { args: { A: 'declared' } }),
  { name: 'ARG before FROM', dockerfile: 'ARG V=1\nARG W=2\nFROM BASE\nARG V\nENV A=$V B=$W\n' },
  on('ARG refers to ARG', 'ARG A=1\nARG B=${A}2\nENV C=$B', { args: { A: '5' } }),
  on('predefined ARG', 'ENV A=$HTTP_PROXY B=$http_proxy', {
    args: { HTTP_PROXY: 'http://proxy' },
    refusedBy: { docker: /build\.args\.HTTP_PROXY/, ...both(/build\.args\.HTTP_PROXY/) },
  }),
  on('predefined ARG that is declared', 'ARG HTTP_PROXY\nENV A=$HTTP_PROXY', {
    args: { HTTP_PROXY: 'http://proxy' },
  }),
  on(
    'platform arguments',
    'ARG TARGETARCH\nARG TARGETOS\nARG TARGETPLATFORM\nENV A=$TARGETOS/$TARGETARCH B=$TARGETPLATFORM',
    {
      refusedBy: { docker: /build\.args\.TARGETARCH/ },
    },
  ),
  on('USER forms', 'USER app'),
  on('USER with a variable', 'ARG UID=1000\nUSER ${UID}:$UID'),
  on(
    'WORKDIR with a variable and a trailing slash',
    'ENV ROOT=/srv\nWORKDIR $ROOT/app/\nWORKDIR ../other/./x',
  ),
  on('STOPSIGNAL number', 'STOPSIGNAL 9'),
  on('STOPSIGNAL with a variable', 'ARG S=SIGUSR1\nSTOPSIGNAL $S'),
  on('STOPSIGNAL without SIG', 'STOPSIGNAL KILL'),
  on('MAINTAINER', 'MAINTAINER Jane "JD" Doe'),
  on('MAINTAINER twice', 'MAINTAINER one\nMAINTAINER two'),
  on('lower case and comments', '# a comment\nenv A=1 \\\n# inside\n  B=2\nlabel x=y\ncmd ["z"]'),
  {
    name: 'escape directive',
    dockerfile: '# escape=`\nFROM BASE\nENV A=a` b `\n  B=c\\d\n',
    refusedBy: both(/# escape=`/),
  },
  on('exec form with escapes', 'CMD ["a\\tb", "\\u0041", "$HOME", "two words"]'),
  on('broken exec form is shell form', "CMD ['a', 'b']"),
  on('stage of a stage', 'ENV A=1\nCMD ["a"]\nFROM BASE AS last\nENV B=1'),
  {
    name: 'stages inherit from stages',
    dockerfile:
      'FROM BASE AS one\nENV A=1\nUSER 5\nHEALTHCHECK CMD true\nSHELL ["/bin/sh", "-ec"]\nONBUILD ENV X=1\nFROM one\nENV B=$A\n',
  },
  {
    name: 'COPY and ADD forms',
    dockerfile:
      'FROM BASE\nRUN echo z > /z\nFROM BASE\nCOPY hello /x/\nCOPY ["hello", "/two words"]\nADD --chown=5:6 hello /y\nCOPY --from=0 /z /z\n',
  },
  on('COPY --chmod', 'COPY --chmod=0640 hello /hello', {
    refusedBy: { docker: /requires BuildKit/ },
  }),
  on('RUN heredoc', 'RUN <<EOF\necho 1 > /one\nEOF\nENV A=1', {
    refusedBy: all(/unknown instruction: ECHO/, /Unknown instruction: "ECHO"/),
  }),
  on('COPY heredoc', 'COPY <<EOF /file\ncontent\nEOF\nENV A=1', {
    refusedBy: all(/unknown instruction: CONTENT/, /no such file/),
  }),
  on('RUN heredoc that looks like instructions', 'RUN <<EOF\nENV=1 true\nEOF', {
    refusedBy: all(/unknown instruction: ENV=1/, /Unknown instruction: "ENV=1"/),
  }),
  on(
    'RUN --mount',
    'RUN --mount=type=cache,target=/cache --mount=type=tmpfs,target=/t echo 1 > /cache/x\nENV A=1',
    { refusedBy: { docker: /requires BuildKit/ } },
  ),
  on('RUN --network and --security', 'RUN --network=none true', {
    refusedBy: all(/Unknown flag: network/, /RUN only supports/),
  }),
  on('COPY --link', 'COPY --link hello /hello', {
    refusedBy: all(/Unknown flag: link/, /COPY only supports/),
  }),
  on(
    'ADD --checksum',
    'ADD --checksum=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a http://REGISTRY/v2/ /x',
    { refusedBy: all(/Unknown flag: checksum/, /ADD only supports/) },
  ),
  on('HEALTHCHECK --start-interval', 'HEALTHCHECK --start-interval=3s CMD true', {
    refusedBy: all(/Unknown flag: start-interval/, /not defined: -start-interval/),
  }),
  on('COPY --exclude and --parents', 'COPY --exclude=*.tar . /all\nCOPY --parents hello /p', {
    refusedBy: all(/Unknown flag: exclude/, /COPY only supports/),
  }),
];
