// SPDX-License-Identifier: MIT
// Generated from assets/*.css; test/report/html-assets.test.ts compares, and writes it with -u.

/** As it stands in the page, between its tags. */
export const STYLE = `:root{color-scheme:light dark;--page:light-dark(#f5f6f8,#0e1217);--surface:light-dark(#ffffff,#161b22);--raised:light-dark(#f0f2f5,#1e252e);--ink:light-dark(#1b222c,#e4e9f0);--muted:light-dark(#556070,#9ba7b6);--line:light-dark(#dde2e8,#2a323d);--accent:light-dark(#0a5ca8,#7cb7f9);--control:light-dark(#8a95a3,#66717f);--fill:light-dark(#5b7fa8,#6c94c4);--current-ink:light-dark(#0b6347,#74d8b2);--current-tint:light-dark(#e2f3ec,#11302a);--current-fill:light-dark(#2a9d76,#3aa982);--outdated-ink:light-dark(#9c3504,#ffb183);--outdated-tint:light-dark(#fdebdf,#3a2113);--outdated-fill:light-dark(#e2722e,#dd7437);--missing-ink:light-dark(#9b1148,#ff9dbd);--missing-tint:light-dark(#fce5ee,#3b1526);--missing-fill:light-dark(#b81e5b,#d2507f);--unknown-ink:light-dark(#6d5000,#ecca5e);--unknown-tint:light-dark(#faf1d2,#332a0e);--unknown-fill:light-dark(#d8ab1c,#c9a52f);--not-applicable-ink:light-dark(#4a5563,#aeb8c5);--not-applicable-tint:light-dark(#eceff2,#262d36);--not-applicable-fill:light-dark(#93a0af,#647182);--error-ink:light-dark(#5527ab,#c8aeff);--error-tint:light-dark(#efe8fb,#2a2045);--error-fill:light-dark(#6d3fc9,#9575e0);--no-guest-ink:light-dark(#556070,#9ba7b6);--no-guest-tint:light-dark(#f3f4f6,#1e252e);--no-guest-fill:light-dark(#c8d0d9,#3f4a58);--mono:ui-monospace,"Cascadia Mono",Consolas,"SF Mono","Liberation Mono",monospace}
:root[data-theme="light"]{color-scheme:light}
:root[data-theme="dark"]{color-scheme:dark}
*,::before,::after{box-sizing:border-box}
html{background:var(--page);color:var(--ink);font:14px / 1.5 -apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",system-ui,sans-serif;scroll-padding-top:4rem;text-size-adjust:100%}
body{margin:0 auto;max-width:1720px;padding:0 clamp(12px,2.5vw,40px) 48px}
h1,h2,h3,p,ul,dl,dd,fieldset{border:0;margin:0;padding:0}
h1{font-size:1.75rem;font-weight:650;letter-spacing:-0.015em;line-height:1.25}
h2{font-size:1.125rem;font-weight:650;margin:36px 0 12px}
code{font-family:var(--mono);font-size:0.9em}
button,input,select{accent-color:var(--accent);background:var(--surface);border:1px solid var(--control);border-radius:6px;color:inherit;font:inherit;min-height:34px;padding:4px 10px}
button{cursor:pointer}
button:hover,.chip:hover{background:var(--raised)}
:focus-visible{border-radius:4px;outline:2px solid var(--accent);outline-offset:2px}
[hidden]{display:none !important}
.none,.where,.folder{color:var(--muted)}
.skip{background:var(--surface);left:12px;padding:8px 12px;position:absolute;top:-60px;z-index:3}
.skip:focus{top:8px}
.top{align-items:start;display:flex;flex-wrap:wrap;gap:16px;justify-content:space-between;padding-top:32px}
.basis{font-size:1rem;margin-top:4px}
.origin{color:var(--muted);display:flex;flex-wrap:wrap;gap:0 20px;list-style:none;margin-top:4px}
.theme{color:var(--muted)}
footer{border-top:1px solid var(--line);color:var(--muted);margin-top:40px;padding-top:16px}
@media (prefers-reduced-motion:no-preference){button,.chip{transition:background-color 0.12s}
}
.figures{display:grid;gap:1px;grid-template-columns:repeat(auto-fit,minmax(132px,1fr))}
.figures,.panel{background:var(--surface);border:1px solid var(--line);border-radius:10px}
.figures{border-radius:10px 10px 0 0;overflow:hidden}
.figure{box-shadow:0 0 0 1px var(--line);padding:14px 16px 12px}
.figure dt{color:var(--muted);white-space:nowrap}
.figure dd{font-size:1.75rem;font-variant-numeric:tabular-nums;font-weight:600;letter-spacing:-0.02em;line-height:1.3}
.figure small{color:var(--muted);font-size:0.8125rem;font-weight:400;letter-spacing:0}
.gate{border-left:4px solid;border-radius:6px;margin-bottom:12px;padding:10px 14px}
.gate.passed{background:var(--current-tint);color:var(--current-ink)}
.gate.failed{background:var(--missing-tint);color:var(--missing-ink)}
.mark::before{border-radius:3px;content:"";display:inline-block;height:10px;margin-right:7px;width:10px}
.mark.current::before{background:var(--current-fill)}
.mark.outdated::before{background:var(--outdated-fill)}
.mark.missing::before{background:var(--missing-fill)}
.mark.unknown::before{background:var(--unknown-fill)}
.mark.not-applicable::before{background:var(--not-applicable-fill)}
.mark.error::before{background:var(--error-fill)}
.mark.no-guest::before{background:var(--no-guest-fill)}
.panels{display:grid;gap:16px;grid-template-columns:minmax(0,8fr) minmax(0,5fr)}
.panel{min-width:0;padding:14px 18px 16px}
.panel.tall{grid-row:span 2}
.chart{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
.chart caption{font-weight:600;padding-bottom:8px;text-align:left}
.chart th{font-weight:400;padding:4px 12px 4px 0;text-align:left}
.chart tbody th{max-width:260px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.chart thead th{color:var(--muted);font-size:0.8125rem;vertical-align:bottom;white-space:nowrap}
.chart td,.chart thead th + td ~ th{white-space:nowrap;padding:4px 0 4px 12px;text-align:right}
.chart td.drawn{padding-left:0;width:100%}
.chart .sum{font-weight:600}
.bar{background:var(--raised);border-radius:3px;display:block;height:14px;overflow:hidden;width:100%}
.whole .bar{border-radius:0 0 10px 10px;height:10px}
.bar rect{stroke:var(--surface);stroke-width:1px}
.bar .fill{fill:var(--fill)}
.fill-current{fill:var(--current-fill)}
.fill-outdated{fill:var(--outdated-fill)}
.fill-missing{fill:var(--missing-fill)}
.fill-unknown{fill:var(--unknown-fill)}
.fill-not-applicable{fill:var(--not-applicable-fill)}
.fill-error{fill:var(--error-fill)}
.fill-no-guest{fill:var(--no-guest-fill)}
@media (max-width:1240px){.panels{grid-template-columns:minmax(0,1fr)}
.panel.tall{grid-row:auto}
}
@media screen and (max-width:720px){.systems,.systems caption,.systems tbody{display:block}
.systems thead,.systems .none{display:none}
.systems tr{display:flex;flex-wrap:wrap;gap:0 14px;padding:4px 0}
.systems tbody th{flex:1;max-width:none;order:-2;padding:0}
.systems tbody td{font-size:0.8125rem;padding:0}
.systems tbody td.sum{font-size:1rem;order:-1}
.systems tbody td.drawn{flex:1 0 100%;padding:2px 0}
.systems [data-state]::after{content:" " attr(data-state)}
}
@media (forced-colors:active){.bar,.mark::before{forced-color-adjust:none}
}
.controls{background:var(--surface);border:1px solid var(--line);border-radius:10px 10px 0 0;display:grid;gap:12px;padding:16px 18px 12px}
.fields,.fields fieldset,.buttons{align-items:center;display:flex;flex-wrap:wrap;gap:8px}
.fields{gap:12px 24px}
.fields.last{justify-content:space-between}
.fields label:not(.chip){align-items:center;color:var(--muted);display:flex;gap:8px}
.fields input[type="search"],.fields select{color:var(--ink)}
.fields .search{flex:1 1 320px;max-width:620px}
.search input{flex:1;min-width:0}
.fields legend{color:var(--muted);float:left;margin-right:4px;padding:0}
.chip{align-items:center;border:1px solid var(--control);border-radius:17px;cursor:pointer;display:inline-flex;gap:7px;min-height:34px;padding:2px 12px 2px 10px}
.chip input{margin:0;min-height:0}
.chip:has(:checked){background:var(--raised);border-color:var(--ink)}
.chip:has(:focus-visible){outline:2px solid var(--accent);outline-offset:2px}
.chip input:focus-visible{outline:none}
.chip .count{color:var(--muted);font-variant-numeric:tabular-nums}
.shown{font-weight:600}
.nothing{background:var(--surface);border:1px solid var(--line);border-top:0;padding:32px;text-align:center}
.entries{background:var(--surface);border:1px solid var(--line);border-radius:0 0 10px 10px;border-top:0;font-size:0.9375em}
.entries > caption{clip-path:inset(50%);height:1px;overflow:hidden;position:absolute;white-space:nowrap;width:1px}
.entries > thead{background:var(--raised);border-bottom:1px solid var(--line);border-top:1px solid var(--line);position:sticky;text-align:left;top:0;z-index:1}
.entries > thead th{font-weight:600;padding:0}
.sorter{background:none;border:0;display:flex;font-weight:600;gap:5px;padding:8px 10px;text-align:left;width:100%}
.sorter::after{color:var(--muted);content:"\\2195" / "";font-weight:400;opacity:0.55}
[aria-sort="ascending"] .sorter::after{color:var(--accent);content:"\\2191" / "";opacity:1}
[aria-sort="descending"] .sorter::after{color:var(--accent);content:"\\2193" / "";opacity:1}
.sorter:focus-visible{outline-offset:-2px}
.entries > tbody{border-top:1px solid var(--line)}
.entries > thead + tbody{border-top:0}
.entries > tbody > tr:first-child > *{font-weight:400;overflow:hidden;overflow-wrap:anywhere;padding:7px 10px;text-align:left;vertical-align:top}
.js .entries > tbody > tr:first-child{cursor:pointer}
.js .entries > tbody > tr:first-child:hover{background:var(--raised)}
.entries td:nth-child(6){font-variant-numeric:tabular-nums;overflow-wrap:break-word}
.opener{background:none;border:0;min-height:0;overflow-wrap:anywhere;padding:0 0 0 18px;position:relative;text-align:left}
.opener::before{color:var(--muted);content:"\\25B8" / "";left:0;position:absolute}
.opener[aria-expanded="true"]::before{content:"\\25BE" / ""}
.badge{border-radius:4px;display:inline-block;padding:0 7px;white-space:nowrap}
.badge::before{display:inline-block;font-weight:600;margin-right:5px}
.badge.current{background:var(--current-tint);color:var(--current-ink)}
.badge.current::before{content:"\\2713" / ""}
.badge.outdated{background:var(--outdated-tint);color:var(--outdated-ink)}
.badge.outdated::before{content:"\\2191" / ""}
.badge.missing{background:var(--missing-tint);color:var(--missing-ink)}
.badge.missing::before{content:"\\2715" / ""}
.badge.unknown{background:var(--unknown-tint);color:var(--unknown-ink)}
.badge.unknown::before{content:"?" / ""}
.badge.not-applicable{background:var(--not-applicable-tint);color:var(--not-applicable-ink)}
.badge.error{background:var(--error-tint);color:var(--error-ink)}
.badge.error::before{content:"!" / ""}
.badge.no-guest{background:var(--no-guest-tint);color:var(--no-guest-ink)}
.fails,.disputed{color:var(--missing-ink);display:block;font-size:0.8125rem}
.severity{white-space:nowrap}
.severity.error{color:var(--missing-ink);font-weight:600}
.severity.warning{color:var(--outdated-ink)}
.severity.info{color:var(--muted)}
html:not(.js) .controls{display:none}
html:not(.js) .entries{border-radius:10px}
html:not(.js) .entries > thead th{padding:8px 10px}
.more > td{padding:0 10px 8px}
.more summary{color:var(--accent);cursor:pointer;font-size:0.8125rem}
.detail{border-left:3px solid var(--line);margin:4px 0 0 4px;overflow-wrap:anywhere;padding:4px 0 4px 18px}
.parts{column-gap:36px;columns:3 340px}
.part{break-inside:avoid;overflow:hidden;padding-bottom:14px}
.gate-note{color:var(--missing-ink);padding-bottom:10px}
.part h3{font-size:0.8125rem;font-weight:650;margin-bottom:3px}
.part ul{padding-left:17px}
.part .where{font-size:0.8125rem}
.part.error{background:var(--error-tint);border-radius:6px;column-span:all;margin-bottom:14px;padding:8px 12px}
.part.error .where{color:inherit}
.part .hint{font-weight:600}
.part dl > div{column-gap:12px;display:grid;grid-template-columns:128px minmax(0,1fr)}
.part dt{color:var(--muted)}
.detail > .part dl{max-width:1200px}
.evidence{border-collapse:collapse;width:100%}
.evidence th,.evidence td{border-top:1px solid var(--line);padding:3px 16px 3px 0;text-align:left;vertical-align:top}
.evidence tr :nth-child(-n + 2){overflow-wrap:normal;white-space:nowrap}
.evidence thead th{border-top:0;color:var(--muted);font-weight:400}
.evidence td.where{font-family:var(--mono)}
.js .more > td{padding:0 10px 14px}
.js .more summary{display:none}
@media screen{.entries,.entries > thead,.entries > tbody,.more,.more > td{display:block}
.entries > tbody{contain-intrinsic-size:auto 50px;content-visibility:auto}
}
@media screen and (min-width:1121px){.entries > thead > tr,.entries > tbody > tr:first-child{display:grid;grid-template-columns:minmax(0,20fr) minmax(0,5fr) minmax(0,9.5fr) minmax(0,16fr) minmax(0,8.5fr) minmax( 0,11fr ) minmax(0,7.5fr) minmax(0,9fr) minmax(0,7fr) minmax(0,6.5fr)}
}
@media screen and (max-width:1120px){.entries > thead{position:static}
html:not(.js) .entries > thead{display:none}
.entries > thead > tr{background:var(--raised);display:flex;flex-wrap:wrap;padding:4px 8px}
.sorter{min-height:30px;padding:2px 8px}
.entries > tbody{contain-intrinsic-size:auto 190px;padding:10px 8px}
.entries > tbody > tr:first-child{display:grid;gap:2px 16px;grid-template-columns:repeat(auto-fill,minmax(min(280px,100%),1fr))}
.entries > tbody > tr:first-child > *{border:0;padding:0}
.entries > tbody > tr:first-child > th{font-weight:600;grid-column:1 / -1}
.entries > tbody > tr:first-child > td:not(:empty){display:grid;align-items:start;grid-template-columns:104px minmax(0,1fr);justify-items:start}
.entries > tbody > tr:first-child > td:empty{display:none}
.entries > tbody > tr:first-child > td::before{color:var(--muted)}
.entries > tbody > tr:first-child > td:nth-child(2)::before{content:"Role"}
.entries > tbody > tr:first-child > td:nth-child(3)::before{content:"Status"}
.entries > tbody > tr:first-child > td:nth-child(4)::before{content:"Guest system"}
.entries > tbody > tr:first-child > td:nth-child(5)::before{content:"Host name"}
.entries > tbody > tr:first-child > td:nth-child(6)::before{content:"IC version"}
.entries > tbody > tr:first-child > td:nth-child(7)::before{content:"Source"}
.entries > tbody > tr:first-child > td:nth-child(8)::before{content:"Mechanism"}
.entries > tbody > tr:first-child > td:nth-child(9)::before{content:"Action"}
.entries > tbody > tr:first-child > td:nth-child(10)::before{content:"Findings"}
.entries > tbody > tr:first-child > td > *{grid-column:2}
.more > td,.js .more > td{padding:8px 0 0}
.detail{padding-left:12px}
}
@media (max-width:560px){.fields label:not(.chip),.fields .search{display:grid;flex:1 1 100%;gap:2px}
.part dl > div{grid-template-columns:minmax(0,1fr);margin-bottom:5px}
.evidence,.evidence tbody,.evidence tr,.evidence td{display:block}
.evidence thead{display:none}
.evidence td{border:0;padding:0}
.evidence tr{border-top:1px solid var(--line);padding:4px 0}
}
@media print{:root,:root[data-theme]{--page:#ffffff;color-scheme:light}
@page{margin:12mm;size:landscape}
html{font-size:8.5pt;print-color-adjust:exact}
body{max-width:none;padding:0}
.fields:not(.last),.buttons,.theme,.skip,.more summary{display:none}
.js .controls{background:none;border:0;padding:0 0 4pt}
.top{padding-top:0}
h2{break-after:avoid;margin:14pt 0 5pt}
.figure{padding:5pt 7pt}
.figure dd{font-size:14pt}
.figures{display:flex}
.figure{flex:1}
.panels{gap:8pt;grid-template-columns:minmax(0,11fr) minmax(0,5fr) minmax(0,5fr)}
.panel{break-inside:avoid;padding:7pt 9pt}
.panel.tall{grid-row:auto}
.entries{border-collapse:collapse;border-radius:0;border-top:1px solid var(--line);font-size:1em;table-layout:fixed;width:100%}
.entries > thead th:nth-child(1){width:20%}
.entries > thead th:nth-child(2){width:5%}
.entries > thead th:nth-child(3){width:9.5%}
.entries > thead th:nth-child(4){width:16%}
.entries > thead th:nth-child(5){width:8.5%}
.entries > thead th:nth-child(6){width:11%}
.entries > thead th:nth-child(7){width:7.5%}
.entries > thead th:nth-child(8){width:9%}
.entries > thead th:nth-child(9){width:7%}
.entries > thead th:nth-child(10){width:6.5%}
.entries > thead{position:static}
.entries > thead th{padding:3pt 4pt}
.sorter,.opener{display:contents}
.sorter::after,.opener[aria-expanded]::before{content:none}
.entries > tbody > tr:first-child > *{overflow:visible;padding:3pt 4pt}
.entries > tbody > tr:first-child,.part,.evidence tr{break-inside:avoid}
.chart thead th{font-size:6.5pt}
.chart td,.chart thead th + td ~ th{padding-left:5pt}
footer{margin-top:12pt;padding-top:6pt}
}`;

/** Its source in a content security policy. */
export const STYLE_HASH = "sha256-aXiHVbQp2wdBKMu7Nvpph6pcIG17m9j9VNHtMMzG8V4=";
