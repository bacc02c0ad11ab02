/** For screen and paper; nothing is loaded from anywhere. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c1c1e; --soft: #5b5b63; --line: #d5d5da; --paper: #fff; --mark: #7a1f1f; --quiet: #f4f4f6; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf1; --soft: #a9a9b4; --line: #3b3b43; --paper: #17171a; --mark: #ff9d94; --quiet: #222227; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 3rem; max-width: 68rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { border-bottom: 2px solid var(--mark); padding-bottom: .75rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; }
h2 { margin: 1.6rem 0 .5rem; font-size: 1.05rem; }
p { margin: .4rem 0; }
.outcome { margin: .35rem 0 .1rem; font-size: 1.1rem; font-weight: 600; color: var(--mark); }
.soft, .when { color: var(--soft); }
dl { display: grid; grid-template-columns: 10rem 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
code, pre { font: .86em/1.4 ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
pre { margin: .4rem 0; padding: .6rem .75rem; background: var(--quiet); white-space: pre-wrap; }
.typed { white-space: pre-wrap; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: .87rem; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .25rem .6rem .25rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
.when { white-space: nowrap; }
.who { min-width: 9.5rem; }
.leaf code { display: block; width: 33ch; font-size: .72rem; overflow-wrap: anywhere; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
@media screen and (max-width: 46rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  section { overflow-x: auto; }
}
@page { size: A4; margin: 9mm 11mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --mark: #7a1f1f; --quiet: #fff; }
  body { padding: 0; max-width: none; font-size: 7.1pt; line-height: 1.24; }
  h1 { font-size: 12pt; }
  h2 { margin: 4pt 0 1.5pt; font-size: 8.2pt; break-after: avoid; }
  .outcome { font-size: 9pt; margin: 1pt 0 0; }
  header { padding-bottom: 3pt; }
  p { margin: 1pt 0; }
  dl { grid-template-columns: 25mm 1fr; gap: .6pt 3mm; }
  table { font-size: 6.2pt; }
  th, td { padding: .6pt 2mm .6pt 0; }
  tr, dd { break-inside: avoid; }
  pre { padding: 2pt 0; margin: 1pt 0; border: 0; }
  .leaf code { font-size: 4.4pt; line-height: 1.12; }
  .who { min-width: 27mm; }
  a { color: inherit; text-decoration: none; }
}
`;
