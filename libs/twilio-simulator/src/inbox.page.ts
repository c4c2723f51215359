import { renderCard } from './inbox.card.js';
import { MENU_TEMPLATES } from './inbox.menu.js';
import { PANEL } from './inbox.panel.js';
import type { InboxMessage } from './inbox.js';
import { escapeHtml, icon, renderPage, type PageLink } from './pages/page.js';

/** What is looked for, as it is in the address of the page. */
export interface InboxSearch {
  to: string;
  text: string;
  /** Why nothing can be found by it. */
  fault?: string;
}

export interface InboxPageContent {
  /** Newest first. */
  messages: readonly InboxMessage[];
  search: InboxSearch;
  /** How many are shown at most. */
  limit: number;
  hasMore: boolean;
  /** The newest event that the messages know of. */
  lastEventId: number;
  links: readonly PageLink[];
  /** Whether faults can be asked for here. */
  hasPanel: boolean;
  /** A command for a terminal, to send a first message with. */
  sendCommand: string;
}

const MORE = 50;

/** The inbox as a page that is complete without its script, which keeps it as new as the server's. */
export function renderInboxPage(content: InboxPageContent): string {
  const { messages, search, lastEventId, links, hasPanel } = content;
  return renderPage({
    title: 'Inbox',
    links,
    here: '/inbox',
    script: '/pages/inbox.js',
    styles: ['/pages/inbox.css'],
    main: `<div class="intro inbox-intro">
<div class="row spread"><h1>Inbox</h1>
<p class="connection" role="status" id="connection"><span class="chip" id="connection-chip"><noscript>Reload to see new messages</noscript></span></p></div>
<p class="lead">What the simulator of Twilio was asked to send. No real phone got any of it.</p>
</div>
<div class="columns" id="inbox" data-after="${lastEventId}">
${renderSearch(search)}
${hasPanel ? PANEL : ''}
<section class="stack list" aria-labelledby="list-title">
<div class="row spread">
<h2 id="list-title" tabindex="-1"><span id="count">${countOf(content)}</span></h2>
<button type="button" class="button slim scripted" id="delete-all">${isSearch(search) ? 'Delete these' : 'Delete all'}</button>
</div>
<div id="undo" class="notice undo" hidden>${icon('info')}<p id="undo-text" role="status"></p><button type="button" class="button slim" id="undo-button">Undo</button></div>
<div id="list-problem" role="status"></div>
<ol class="messages" id="messages">
${messages.map(renderCard).join('\n')}
</ol>
<div id="list-note">${renderNote(content)}</div>
</section>
</div>
<p class="visually-hidden" role="status" id="news"></p>
${MENU_TEMPLATES}`,
  });
}

function renderSearch({ to, text }: InboxSearch): string {
  return `<form class="card search" id="search" action="/inbox" role="search" aria-label="Messages">
<div class="fields">
<div class="field">
<label for="search-to">Number</label>
<input id="search-to" name="to" type="search" inputmode="tel" autocomplete="off" spellcheck="false" maxlength="32" value="${escapeHtml(to)}" placeholder="part of it">
</div>
<div class="field">
<label for="search-text">Text</label>
<input id="search-text" name="text" type="search" autocomplete="off" spellcheck="false" maxlength="200" value="${escapeHtml(text)}" placeholder="part of it">
</div>
<button class="button unscripted">Search</button>
</div>
<label class="check scripted"><input type="checkbox" id="shortcut" checked> Press <kbd>/</kbd> to search</label>
</form>`;
}

function renderNote({ messages, search, limit, hasMore, sendCommand }: InboxPageContent): string {
  if (hasMore) {
    const query = new URLSearchParams(
      Object.entries({ to: search.to, text: search.text }).filter(([, value]) => value !== ''),
    );
    query.set('limit', String(limit + MORE));
    return `<p class="more"><a class="button" href="/inbox?${escapeHtml(query.toString())}">Show older messages</a></p>`;
  }
  if (messages.length > 0) return '';
  if (isSearch(search)) {
    return `<div class="empty stack tight"><p><strong>${search.fault === undefined ? 'No message matches.' : escapeHtml(search.fault)}</strong></p><p><a href="/inbox">Show all messages</a></p></div>`;
  }
  return `<div class="empty stack tight">
<p><strong>No messages yet.</strong></p>
<p>What is sent appears here by itself. Send a first message from a terminal:</p>
<pre tabindex="0" role="region" aria-label="Command">${escapeHtml(sendCommand)}</pre>
<p class="scripted"><button type="button" class="button slim" data-copy="${escapeHtml(sendCommand)}" aria-label="Copy the command">Copy</button></p>
</div>`;
}

function countOf({ messages: { length: count }, hasMore, search }: InboxPageContent): string {
  if (hasMore) return `Newest ${count} messages`;
  const what = isSearch(search) ? 'found' : count === 1 ? 'message' : 'messages';
  return `${count} ${what}`;
}

function isSearch({ to, text }: InboxSearch): boolean {
  return to !== '' || text !== '';
}
