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
@page { size: A4; margin: 14mm 13mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --mark: #7a1f1f; --quiet: #fff; }
  body { padding: 0; max-width: none; font-size: 9pt; line-height: 1.35; }
  h1 { font-size: 15pt; }
  h2 { margin: 9pt 0 3pt; font-size: 10.5pt; break-after: avoid; }
  .outcome { font-size: 11pt; }
  header { padding-bottom: 5pt; }
  dl { grid-template-columns: 29mm 1fr; gap: 1.5pt 3mm; }
  table { font-size: 8pt; line-height: 1.3; }
  thead { display: table-header-group; }
  th, td { padding: 1.5pt 2mm 1.5pt 0; }
  tr, dd, .verify { break-inside: avoid; }
  pre { padding: 2pt 0; border: 0; }
  /* What happened is on the first sheet; the records that prove it begin a new one. */
  .proof { break-before: page; }
  .leaf code { width: 23ch; font-size: 7pt; line-height: 1.15; }
  .who { min-width: 24mm; }
  a { color: inherit; text-decoration: none; }
}
`;
