/** Colours are variables, so that the charts follow the page from light to dark. */
export const PAGE_STYLE = `
:root { --bg: #f3f5f7; --card: #ffffff; --ink: #17212b; --muted: #5d6b79; --rule: #dfe5ea; --ready: #12887b; --pilot: #7fb2e5; --idle: #f0c25c; --blue: #3a62b8; --bad: #c8374d; --warn: #e08a1e; --good: #2b9c78; --none: #9aa5b1; }
@media (prefers-color-scheme: dark) { :root { --bg: #0f1419; --card: #182028; --ink: #e7edf3; --muted: #95a3b1; --rule: #2b3641; --ready: #35c2b0; --pilot: #4b86c4; --idle: #c79a35; --blue: #7ea2f0; --bad: #f0657a; --warn: #f0a548; --good: #3fbf96; --none: #6b7784; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
header { margin-bottom: 24px; }
.kicker { margin: 0; color: var(--ready); font-weight: 600; letter-spacing: .08em; text-transform: uppercase; font-size: .78rem; }
h1 { margin: .1em 0 .2em; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 0 0 .4em; font-size: 1.12rem; }
.sub, .caption { color: var(--muted); margin: 0; }
.caption { font-size: .88rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(215px, 1fr)); gap: 12px; margin-bottom: 16px; }
.card, .panel { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
.card { padding: 14px 16px; display: flex; flex-direction: column; }
.card b { font-size: 1.65rem; line-height: 1.2; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.card span { font-size: .9rem; }
.card small { color: var(--muted); margin-top: auto; padding-top: 4px; }
.panel { margin: 0 0 16px; padding: 18px 20px; }
.scroll { overflow-x: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: .86rem; color: var(--muted); margin-bottom: 6px; }
.key { display: inline-flex; align-items: center; gap: 7px; }
.key i { width: 14px; height: 10px; border-radius: 3px; background: currentColor; }
i.ready { color: var(--ready); } i.pilot { color: var(--pilot); } i.idle { color: var(--idle); } i.blue { color: var(--blue); }
i.bad { color: var(--bad); } i.warn { color: var(--warn); } i.good { color: var(--good); } i.none { color: var(--none); }
svg { display: block; width: 100%; min-width: 560px; height: auto; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--muted); font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .axis { stroke: var(--muted); stroke-width: 1; }
svg .line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
svg .line.thick { stroke-width: 2.4; }
svg .line.outline { stroke: var(--ink); stroke-width: 1; opacity: .55; }
svg .area.ready { fill: var(--ready); } svg .area.pilot { fill: var(--pilot); } svg .area.idle { fill: var(--idle); }
svg .area.good { fill: var(--good); } svg .area.warn { fill: var(--warn); } svg .area.bad { fill: var(--bad); } svg .area.none { fill: var(--none); }
svg .area.blue { fill: var(--blue); }
svg .area.faint { opacity: .18; }
svg .line.ready, svg .marker.ready { stroke: var(--ready); } svg .line.blue { stroke: var(--blue); } svg .line.bad { stroke: var(--bad); }
svg .line.none, svg .marker.none { stroke: var(--none); } svg .line.warn { stroke: var(--warn); } svg .line.pilot { stroke: var(--pilot); } svg .line.good { stroke: var(--good); }
svg .marker { stroke-width: 1; stroke-dasharray: 4 4; }
svg .note { font-weight: 600; } svg .note.ready { fill: var(--ready); } svg .note.none { fill: var(--muted); }
svg .dot.bad { fill: var(--bad); }
table { width: 100%; border-collapse: collapse; margin-top: 12px; font-variant-numeric: tabular-nums; font-size: .92rem; }
thead th { text-align: right; vertical-align: bottom; padding: 6px 0 6px 10px; border-bottom: 2px solid var(--rule); }
thead small, tbody th small { font-weight: 400; color: var(--muted); }
tbody th { text-align: left; font-weight: 500; padding: 7px 10px 7px 0; width: 42%; }
tbody th small { display: block; font-size: .8rem; line-height: 1.35; }
td { text-align: right; vertical-align: top; padding: 7px 0 7px 10px; }
td:last-child, thead th:last-child { font-weight: 600; color: var(--ready); }
td.empty { color: var(--none); font-weight: 400; }
tbody tr { border-bottom: 1px solid var(--rule); }
tr.group th { padding-top: 18px; font-size: .78rem; letter-spacing: .08em; text-transform: uppercase; color: var(--muted); }
pre { margin: 4px 0 12px; padding: 10px 12px; overflow-x: auto; background: var(--bg); border: 1px solid var(--rule); border-radius: 8px; font: .86rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 1.2em; font-size: .92rem; } li small { color: var(--muted); }
td.whole { white-space: nowrap; }
.compared tbody th { width: auto; min-width: 150px; } .compared td { min-width: 84px; padding-left: 14px; } .compared thead small, .compared.glance td { white-space: nowrap; }
.compared td:last-child { font-weight: 400; color: inherit; } .compared thead th:last-child { color: inherit; font-weight: 700; }
.compared td.best, .compared td.best:last-child { font-weight: 700; color: var(--ready); } .compared td.empty:last-child { color: var(--none); }
details { margin: 0 0 16px; } summary { cursor: pointer; padding: 4px 2px 12px; font-weight: 600; }
td small { font-weight: 400; color: var(--muted); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 18px; margin: 0; font-size: .92rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
@media print { body { background: none; } .card, .panel { break-inside: avoid; } }
`;
