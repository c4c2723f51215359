import { createHash } from 'node:crypto';
import type { InboxMessage } from './inbox.js';

const REFRESH_SECONDS = 3;

const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #57606a; --page: #f6f8fa; --card: #fff; --line: #d0d7de; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9aa4af; --page: #0d1117; --card: #161b22; --line: #30363d; }
}
body { margin: 0 auto; max-width: 40rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
h2 { font-size: 1rem; margin: 0; }
ol { list-style: none; margin: 1rem 0; padding: 0; }
li { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; margin: 0 0 1rem; padding: 1rem; }
p { margin: 0.25rem 0; overflow-wrap: anywhere; }
.code { font: 600 2rem/1.3 ui-monospace, monospace; letter-spacing: 0.1em; }
.body { white-space: pre-wrap; }
.quiet { color: var(--quiet); font-size: 0.875rem; }
`;

/** Allows the page its own style and nothing else. */
export const INBOX_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The inbox as a page that reloads itself. */
export function renderInboxPage(messages: readonly InboxMessage[]): string {
  const content =
    messages.length === 0
      ? '<p>No messages yet. What is sent through the simulator appears here.</p>'
      : `<ol>\n${messages.map(renderMessage).join('\n')}\n</ol>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<title>Inbox (${messages.length})</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Inbox</h1>
<p class="quiet">Messages that the simulator received, newest first. None of them was really sent.</p>
${content}
</main>
</body>
</html>
`;
}

function renderMessage(message: InboxMessage): string {
  const code = message.code === null ? '' : `\n<p class="code">${escapeHtml(message.code)}</p>`;
  const time = `${message.createdAt.slice(0, 10)} ${message.createdAt.slice(11, 19)} UTC`;
  const segments = `${message.segments} ${message.segments === 1 ? 'segment' : 'segments'}`;
  return `<li>
<h2>To ${escapeHtml(message.to)}</h2>${code}
<p class="body" dir="auto">${escapeHtml(message.body)}</p>
<p class="quiet">From ${escapeHtml(message.from)}, <time datetime="${message.createdAt}">${time}</time>, ${segments} (${escapeHtml(message.encoding)})</p>
</li>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
