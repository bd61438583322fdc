/** The page's whole style. Its digest stands in the content security policy, so that no other one is applied. */
export const STATUS_PAGE_STYLE = `
:root { color-scheme: light dark; --text: light-dark(#1c1e21, #e6e8eb); --quiet: light-dark(#565c66, #a3aab5);
  --ground: light-dark(#ffffff, #15171a); --card: light-dark(#f5f6f8, #1f2226); --line: light-dark(#d5d9df, #3a3f47);
  --link: light-dark(#0b5cad, #8ab8f5); --good: light-dark(#17663a, #7fd6a3); --careful: light-dark(#8a4b00, #f0b866);
  --bad: light-dark(#a11c1c, #ff9c94); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 3rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 0 0 .5rem; }
p { margin: .25rem 0 .75rem; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code { font: .86em/1.45 ui-monospace, monospace; }
ul { margin: .25rem 0; padding-left: 1.25rem; }
li { margin: .25rem 0; }
.quiet { color: var(--quiet); }
.ok { color: var(--good); } .degraded, .warn { color: var(--careful); } .unavailable, .reject { color: var(--bad); }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
.version { font-size: 1.5rem; font-weight: 600; margin: 0; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: minmax(6.5rem, max-content) 1fr; gap: .3rem .9rem; margin: .75rem 0; }
dt { color: var(--quiet); } dd { margin: 0; min-width: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .45rem .9rem .45rem 0; text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 500; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: block; border-bottom: 1px solid var(--line); padding: .5rem 0; }
  tbody th, td { display: block; border: 0; padding: .1rem 0; }
}
`;
