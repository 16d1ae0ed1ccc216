import {
  createReport,
  type Report,
  reportHtml,
  reportJson,
  reportMarkdown,
} from '../../src/report';
import { codeSpan, htmlText, linkTarget, shownText } from '../../src/report/shown-text';
import { withoutCodeSpans } from './support/code-spans';
import { HOSTILE } from './support/hostile';
import { recordedStack } from './support/recorded';
import { auditOf, DIGEST, IMAGE, resourceOf, stateOf, verifiedOutputs } from './support/state';

const now = new Date('2026-02-03T04:05:06Z');

/** A report in which this value is everywhere where a value comes from outside. */
function reportOf(value: string): Report {
  const provenance = {
    buildDefinition: {
      buildType: value,
      resolvedDependencies: [{ digest: { gitCommit: value } }],
    },
    runDetails: {
      builder: { id: value },
      metadata: { invocationId: value, startedOn: value, finishedOn: value },
    },
  };
  const part = {
    purpose: value,
    format: value,
    status: value,
    reason: value,
    stored: value,
    signer: { identity: value, issuer: value },
    logEntries: [{ logIndex: value, logId: value, integratedTime: 1 }],
  };
  const verification = JSON.stringify({
    verified: false,
    manifests: [{ digest: value, platform: value, parts: [part] }],
  });
  const facts = { tag: value, ref: value, system: value, user: value, dirty: true };
  const summary = { usedBuilder: value, dockerfile: value, platforms: [value] };
  const image = { image: IMAGE };
  return createReport({
    stackState: stateOf(
      resourceOf('ImageBuild', value, {
        inputs: image,
        outputs: { claimedDigest: DIGEST, summary, facts },
      }),
      resourceOf('VerifiedImage', value, {
        inputs: {
          ...image,
          keys: [value],
          trustedKeys: [{ key: value, notBefore: value, notAfter: value }],
          identities: [{ identity: value, issuer: value }],
          annotations: { [value]: value },
          format: value,
          transparency: value,
          provenance: { builderId: value, [value]: value },
        },
        outputs: verifiedOutputs(DIGEST, `${IMAGE}${value}`, {
          signer: { identity: value, issuer: value },
          signedAnnotations: { [value]: value, branch: value, repo: value },
          verifiedProvenance: JSON.stringify(provenance),
          verification,
          drift: [value],
        }),
        modified: value,
        initErrors: [value],
      }),
      resourceOf(`other:x:${value}`, value, { inputs: { image: IMAGE } }),
    ),
    clusterAudit: auditOf({
      image: value,
      status: value,
      reason: value,
      notes: [value],
      commit: value,
      signer: { identity: value, issuer: value },
      containers: [{ namespace: value, pod: value, container: value }],
    }).replace('"https://cluster.example.test"', JSON.stringify(value)),
    now,
  });
}

describe('a hostile value', () => {
  const TAGS =
    /^(?:!DOCTYPE html|\/?(?:html|head|body|header|main|h1|h2|h3|ul|li|dl|div|dt|dd|code|p|article|table|caption|thead|tbody|tr|th|td|title|style|span|a|ol)|meta [a-z-]+="[^"<>]*"(?: content="[^"<>]*")?|html lang="en"|(?:p|ul|ol|span|table) class="[a-z -]+"|h2 id="image-\d+"|article aria-labelledby="image-\d+"|th scope="(?:col|row)"|a href="(?:#image-\d+|https:\/\/[^"<>@]*"(?= rel))(?: rel="noreferrer noopener|)")$/;

  test.each(HOSTILE.map((value) => [value.slice(0, 80), value]))(
    '%j cannot become an element or an attribute of the page',
    (_, value) => {
      const report = reportOf(value);
      const html = reportHtml(report);
      const outside = html.replace(/<style>[^<]*<\/style>/, '');
      expect(outside).not.toContain('<style');
      for (const [, tag = ''] of outside.matchAll(/<([^>]*)>?/g)) {
        if (!tag.startsWith('a href="https://')) expect(tag).toMatch(TAGS);
        else expect(tag).toMatch(/^a href="https:\/\/[^"'<>@ ]*" rel="noreferrer noopener"$/);
      }
      expect(outside.match(/<article/g)).toHaveLength(report.images.length);
      expect(html).not.toMatch(/\p{Cf}|[^\P{Cc}\n]/u);
    },
  );

  test.each(HOSTILE.map((value) => [value.slice(0, 80), value]))(
    '%j is in a code span of the Markdown, and ends no line or cell',
    (_, value) => {
      const report = reportOf(value);
      const markdown = reportMarkdown(report);
      for (const line of markdown.split('\n')) {
        const ours = withoutCodeSpans(line);
        expect(ours).not.toContain('`');
        const tags = ours.replace(/<\/?(?:details|summary)>/g, '');
        expect(tags).not.toMatch(/[<>[\]\\@$]|:\/\/|www\./);
        if (!line.startsWith('|')) continue;
        // A cell ends at each pipe, also in a code span.
        const columns = line.split('|').length - 2;
        expect([3, 4, 5]).toContain(columns);
        expect(line.endsWith('|')).toBe(true);
      }
      expect(markdown.match(/^#+ /gm)).toHaveLength(report.images.length + 1);
      expect(markdown.match(/<details>/g) ?? []).toHaveLength(0);
    },
  );

  test.each(HOSTILE.map((value) => [value.slice(0, 80), value]))(
    '%j is unchanged in the JSON',
    (_, value) => {
      const json = JSON.parse(reportJson(reportOf(value))) as Report;
      expect(json.images.some(({ name, image }) => name === value || image === value)).toBe(true);
    },
  );
});

test('invisible characters are shown, and a long text is cut', () => {
  expect(shownText('a\u202eb\u0000c\nd\ud800')).toBe('a\\u{202e}b\\u{0}c d\\u{d800}');
  expect(shownText('x'.repeat(3000))).toHaveLength(2003);
  expect(htmlText(`<a href="x" title='y'>&`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;',
  );
  expect(codeSpan('a ``b` c')).toBe('``` a ``b` c ```');
  expect(codeSpan('\n')).toBe('(empty)');
});

test('only an https URL without credentials becomes a link', () => {
  expect(linkTarget('https://ci.example.test/run/1')).toBe('https://ci.example.test/run/1');
  for (const text of [
    'javascript:alert(1)',
    'http://ci.example.test/',
    'https://me@ci.example.test/',
    'https://',
    'https://ci.example.test/\u202e',
    ' https://ci.example.test/',
  ]) {
    expect(linkTarget(text)).toBeUndefined();
  }
});

describe('a report of a recorded stack', () => {
  const report = createReport({ stackState: recordedStack(), now });

  test('is one page that loads nothing', () => {
    const html = reportHtml(report);
    expect(html).not.toMatch(/<(?:script|img|link|iframe|object|embed|base|form)\b|url\(|@import/i);
    expect(html).toContain(`default-src 'none'`);
    expect(html).toContain('<html lang="en">');
  });

  test('begins with what is wrong', () => {
    const html = reportHtml(report);
    const markdown = reportMarkdown(report);
    for (const text of [html, markdown]) {
      const at = [
        '2 problem',
        'is missing: no signature was found',
        'signed, but not verified',
      ].map((each) => text.indexOf(each));
      expect(at).not.toContain(-1);
      expect(at).toEqual([...at].sort((a, b) => a - b));
      expect(at[2]).toBeLessThan(text.indexOf('Commit'));
    }
  });

  test('folds the images with which nothing is wrong', () => {
    expect(reportMarkdown(report).match(/<details>/g)).toHaveLength(2);
  });
});

test('a report without images says that nothing was checked', () => {
  const report = createReport({ stackState: stateOf(), now });
  for (const text of [reportHtml(report), reportMarkdown(report)]) {
    expect(text).toContain('nothing was checked');
  }
});

test('thousands of containers and platforms are limited', () => {
  const containers = Array.from({ length: 5000 }, (_, index) => ({
    namespace: 'shop',
    pod: `pod-${index}`,
    container: 'app',
  }));
  const clusterAudit = auditOf({ image: IMAGE, digest: DIGEST, status: 'match', containers });
  const report = createReport({ clusterAudit, now });
  const markdown = reportMarkdown(report);
  expect(markdown).toContain('and 4950 more');
  expect(markdown.length).toBeLessThan(5000);
  expect((JSON.parse(reportJson(report)) as Report).images[0]?.workloads).toHaveLength(5000);
});
