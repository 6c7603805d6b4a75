import { Html, html } from './html';

const STYLE = new Html(`
:root{color-scheme:light dark;--ground:light-dark(#f5f5f9,#0f1018);--card:light-dark(#fff,#191b27);--ink:light-dark(#1b1c2b,#eceef8);
--soft:light-dark(#62657d,#9ba0bb);--line:light-dark(#e3e4ee,#2b2e40);--accent:light-dark(#4f46e5,#8f8bff);--on-accent:light-dark(#fff,#12121f);
--good:light-dark(#0b7a4b,#4fd396);--bad:light-dark(#b3261e,#ff8f86);--warn:light-dark(#8a5a00,#f2c266)}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.band{display:flex;gap:.75rem;align-items:center;justify-content:center;flex-wrap:wrap;padding:.5rem 1rem;background:light-dark(#fff3d6,#33290f);color:light-dark(#6b4800,#f5d488);font-size:13px;text-align:center}
.band b{letter-spacing:.06em;text-transform:uppercase;font-size:11px;border:1px solid currentColor;border-radius:4px;padding:1px 6px}
main{max-width:64rem;margin:0 auto;padding:2rem 1rem 4rem}main.narrow{max-width:56rem}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem;letter-spacing:-.02em}h2{font-size:1.05rem;margin:2.25rem 0 .75rem}p{margin:.25rem 0 1rem}
.soft{color:var(--soft)}.small{font-size:13px}.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.5rem}
.split{display:grid;gap:1.25rem;grid-template-columns:1fr 1fr;align-items:start}@media(max-width:720px){.split{grid-template-columns:1fr}main{padding-top:1.25rem}}
.price{font-size:2.2rem;font-weight:650;letter-spacing:-.03em;margin:.25rem 0 1rem}.price small{font-size:1rem;font-weight:400;color:var(--soft);letter-spacing:0}
dl{display:grid;grid-template-columns:auto 1fr;gap:.4rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0;text-align:right;overflow-wrap:anywhere}
button,.button{font:inherit;font-weight:550;border:1px solid var(--line);background:var(--card);color:var(--ink);border-radius:9px;padding:.5rem .9rem;cursor:pointer;text-decoration:none;display:inline-block;min-height:2.6rem}
button:hover,.button:hover{border-color:var(--soft)}button:focus-visible,a:focus-visible,input:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
button.main{background:var(--accent);border-color:var(--accent);color:var(--on-accent);width:100%}button.bad{color:var(--bad)}.stack{display:grid;gap:.6rem}.stack button{width:100%}
.row{display:flex;gap:.4rem;flex-wrap:wrap;align-items:center}.row button,.row .button{padding:.2rem .6rem;min-height:2rem;font-size:13px}
.notice{border-radius:9px;padding:.7rem .9rem;margin:0 0 1rem;border:1px solid currentColor}.notice.bad{color:var(--bad)}.notice.good{color:var(--good)}
.chip{font-size:12px;font-weight:600;border-radius:99px;padding:1px 9px;border:1px solid currentColor;white-space:nowrap}
.chip.active,.chip.paid,.chip.delivered,.chip.trialing{color:var(--good)}.chip.past_due,.chip.open,.chip.pending,.chip.incomplete,.chip.paused{color:var(--warn)}
.chip.unpaid,.chip.canceled,.chip.failed,.chip.dropped,.chip.incomplete_expired,.chip.void{color:var(--bad)}
ul.list{list-style:none;margin:0;padding:0;border:1px solid var(--line);border-radius:14px;background:var(--card);overflow:hidden}
ul.list li{padding:.8rem 1rem;border-top:1px solid var(--line);display:flex;gap:.5rem 1rem;flex-wrap:wrap;justify-content:space-between;align-items:center}ul.list li:first-child{border-top:0}
ul.list .what{min-width:0;overflow-wrap:anywhere}code{font:12px ui-monospace,SFMono-Regular,Menlo,monospace;color:var(--soft);overflow-wrap:anywhere}
input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:9px;padding:.45rem .8rem;width:100%;max-width:22rem;min-height:2.6rem}a{color:var(--accent)}form{margin:0}
`);

/** A whole page under the band that says what this is. */
export function page(title: string, content: Html, options: { narrow?: boolean } = {}): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title} · Stripe stand-in</title>
<style>${STYLE}</style>
</head>
<body>
<div class="band" role="note"><b>Test mode</b> Local Stripe stand-in: this is not Stripe, and no money moves.</div>
<main class="${options.narrow ? 'narrow' : ''}">${content}</main>
</body>
</html>
`.text;
}

/** A page that only says something, with one way on. */
export const messagePage = (title: string, text: string, next?: { url: string; label: string }): string =>
  page(
    title,
    html`<div class="card"><h1>${title}</h1><p class="soft">${text}</p>${
      next ? html`<a class="button" href="${next.url}">${next.label}</a>` : null
    }</div>`,
    { narrow: true },
  );

/** A status as a coloured word. */
export const chip = (status: string): Html => html`<span class="chip ${status}">${status.replaceAll('_', ' ')}</span>`;

/** A button that posts. */
export const action = (url: string, label: string, look: '' | 'main' | 'bad' = ''): Html =>
  html`<form method="post" action="${url}"><button class="${look}">${label}</button></form>`;
