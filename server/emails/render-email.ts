import { Eta } from 'eta';
import type { EmailKind } from './email.entity';
import { type MailInput, textOf } from './texts';

const html = new Eta({ autoEscape: true, cache: true });
const plain = new Eta({ autoEscape: false, cache: true });

/** Tables and inline styles, because mail programs know little else; the style element only adds the dark colours. */
const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title><%= it.subject %></title>
<style>
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  @media (prefers-color-scheme: dark) {
    .page { background: #14171a !important; }
    .card { background: #1d2125 !important; border-color: #31373d !important; }
    .ink { color: #eceff1 !important; }
    .soft { color: #a3adb5 !important; }
    .button { background: #5eb5a6 !important; }
    .button a { color: #0d1b18 !important; }
    .code { background: #14171a !important; color: #eceff1 !important; }
    .rule { border-color: #31373d !important; }
  }
  @media (max-width: 480px) { .card { padding: 28px 22px !important; } }
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f4f5f3;">
<div style="display:none;max-height:0;overflow:hidden;"><%= it.preview %></div>
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" class="page" style="background:#f4f5f3;">
<tr><td align="center" style="padding:40px 16px;">
  <table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="max-width:520px;font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;">
  <tr><td class="soft" style="padding:0 4px 16px;font-size:13px;font-weight:600;letter-spacing:.04em;color:#5f6b66;"><%= it.product %></td></tr>
  <tr><td class="card" style="background:#ffffff;border:1px solid #e0e3df;border-radius:10px;padding:36px 40px;">
    <h1 class="ink" style="margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600;color:#1c2421;"><%= it.heading %></h1>
    <% for (const paragraph of it.paragraphs) { %>
    <p class="ink" style="margin:0 0 14px;font-size:15px;line-height:1.6;color:#1c2421;white-space:pre-line;"><%= paragraph %></p>
    <% } %>
    <% if (it.code) { %>
    <p class="code" style="margin:20px 0;padding:16px;border-radius:8px;background:#f4f5f3;color:#1c2421;text-align:center;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:30px;letter-spacing:.22em;"><%= it.code %></p>
    <% } %>
    <% if (it.facts) { for (const fact of it.facts) { %>
    <p class="ink" style="margin:0 0 6px;font-size:14px;line-height:1.5;color:#1c2421;"><span class="soft" style="color:#5f6b66;"><%= fact.label %>:</span> <%= fact.value %></p>
    <% } } %>
    <% if (it.action) { %>
    <table role="presentation" cellspacing="0" cellpadding="0" style="margin:24px 0 20px;"><tr>
      <td class="button" style="border-radius:8px;background:#1f6f62;"><a href="<%= it.action.url %>" style="display:inline-block;padding:12px 22px;font-size:15px;font-weight:600;color:#ffffff;text-decoration:none;"><%= it.action.label %></a></td>
    </tr></table>
    <p class="soft" style="margin:0;font-size:13px;line-height:1.5;color:#5f6b66;word-break:break-all;">Or copy this address: <%= it.action.url %></p>
    <% } %>
    <p class="soft rule" style="margin:24px 0 0;padding-top:18px;border-top:1px solid #e0e3df;font-size:13px;line-height:1.55;color:#5f6b66;"><%= it.footnote %></p>
  </td></tr>
  </table>
</td></tr>
</table>
</body>
</html>
`;

const TEXT = `<%= it.heading %>


<% for (const paragraph of it.paragraphs) { %><%= paragraph %>


<% } %><% if (it.code) { %>    <%= it.code %>


<% } %><% if (it.facts) { for (const fact of it.facts) { %><%= fact.label %>: <%= fact.value %>

<% } %>

<% } %><% if (it.action) { %><%= it.action.label %>:
<%= it.action.url %>


<% } %>--
<%= it.footnote %>

`;

export interface RenderedEmail {
  subject: string;
  html: string;
  text: string;
  replyTo?: string;
}

/** Renders a message of `kind` as HTML and as plain text. */
export function renderEmail(kind: EmailKind, input: MailInput): RenderedEmail {
  const content = textOf(kind, input);
  return {
    subject: content.subject,
    html: html.renderString(HTML, content),
    text: plain.renderString(TEXT, content),
    replyTo: content.replyTo,
  };
}
