/** The style of the page: light and dark by the reader's setting, and A4 in print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --muted: #4d5660; --page: #ffffff; --panel: #f4f6f8; --line: #c5ccd3; --link: #0b57a8;
  --bad: #9b1c1c; --bad-page: #fdecec; --warn: #7a4b00; --warn-page: #fff4dc; --good: #0f5c2e; --good-page: #e4f5ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ed; --muted: #b0b8c1; --page: #14181d; --panel: #1d232a; --line: #46505b; --link: #8ec5ff;
    --bad: #ffb3ad; --bad-page: #4a1717; --warn: #ffd591; --warn-page: #46320a; --good: #9be3b4; --good-page: #103a20;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 72rem; padding: 1rem; color: var(--text); background: var(--page);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
a { color: var(--link); }
a:focus-visible { outline: .2rem solid var(--link); outline-offset: .1rem; }
code { font: .875em/1.5 ui-monospace, monospace; }
.outcome { padding: .5rem .75rem; font-weight: 600; border-left: .3rem solid; }
.problems, .problem { color: var(--bad); background: var(--bad-page); }
.incomplete { color: var(--warn); background: var(--warn-page); }
.clean, .verified { color: var(--good); background: var(--good-page); }
.exempt { color: var(--muted); background: var(--panel); border: 1px solid var(--line); }
.status { display: inline-block; padding: 0 .5rem; border-radius: .25rem; font-size: .875rem; font-weight: 600; overflow-wrap: normal; }
ul.problems { padding: .5rem .75rem .5rem 2rem; font-weight: 600; }
article { margin: 2rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; }
.stages { padding-left: 1.5rem; }
.stages > li { margin: .75rem 0; }
.stages > li::marker { font-weight: 600; color: var(--muted); }
.empty, dt, caption { color: var(--muted); }
dl { margin: .25rem 0; }
dl > div { display: grid; grid-template-columns: 12rem 1fr; gap: 0 1rem; padding: .1rem 0; }
dt { grid-column: 1; }
dd { grid-column: 2; margin: 0; }
table { width: 100%; margin: .5rem 0; border-collapse: collapse; table-layout: fixed; }
caption { text-align: left; font-size: .875rem; }
th, td { padding: .25rem .5rem; border: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { background: var(--panel); overflow-wrap: normal; }
.overview th:nth-child(1) { width: 30%; }
.overview th:nth-child(2) { width: 24%; }
tbody th { font-weight: 400; }
@media screen and (max-width: 40rem) {
  article { padding: .75rem; }
  .stages { padding-left: 1.25rem; }
  dl > div { display: block; padding: .2rem 0; }
  th, td { padding: .2rem .25rem; font-size: .8125rem; }
  thead th { font-size: .6875rem; }
  .overview .status { padding: 0 .2rem; font-size: .6875rem; }
}
@page { size: A4; margin: 15mm; }
@media print {
  :root {
    --text: #000000; --muted: #3a3a3a; --page: #ffffff; --panel: #f2f2f2; --line: #999999; --link: #000000;
    --bad: #7a0000; --bad-page: #ffffff; --warn: #5a3a00; --warn-page: #ffffff; --good: #00401a; --good-page: #ffffff;
    color-scheme: light;
  }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  .status { border: 1px solid; }
  article { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: .5rem 0; }
  h2, h3, caption { break-after: avoid; }
  tr, dl > div, li > h3 { break-inside: avoid; }
  th, td { padding: .1rem .25rem; font-size: 8pt; }
}
`;
