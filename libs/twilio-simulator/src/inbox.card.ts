import type { InboxMessage } from './inbox.js';
import type { MessageStatus, TimelineEntry } from './message.record.js';
import { escapeHtml, icon, type IconName } from './pages/page.js';

/** The browser has the same in `pages/message-statuses.js`. */
export const STATUSES: Readonly<Record<MessageStatus, [icon: IconName, word: string]>> = {
  accepted: ['wait', 'Accepted'],
  queued: ['wait', 'Queued'],
  sending: ['wait', 'Sending'],
  sent: ['wait', 'Sent'],
  delivered: ['ok', 'Delivered'],
  undelivered: ['bad', 'Undelivered'],
  failed: ['bad', 'Failed'],
  received: ['info', 'Received'],
};

/**
 * A message as an item of the list. What may change later is marked as a part, so that a script can put in the new one.
 * What others wrote is text only.
 */
export function renderCard(message: InboxMessage): string {
  const { id, to, from, body, code, createdAt, direction, status, errorCode, timeline } = message;
  const isInbound = direction === 'inbound';
  const phone = escapeHtml(isInbound ? from : to);
  const other = escapeHtml(isInbound ? to : from);
  const name = `${isInbound ? 'Reply from' : 'To'} ${phone}`;
  return `<li class="message${isInbound ? ' inbound' : ''}" id="message-${escapeHtml(id)}" data-id="${escapeHtml(id)}">
<div class="head">
<h3><span class="label-word">${isInbound ? 'Reply from' : 'To'}</span> <span class="mono phone">${phone}</span></h3>
<span data-part="status">${renderStatus(status, errorCode)}</span>
</div>${code === null ? '' : renderCode(code)}
<p class="body" dir="auto">${escapeHtml(body)}</p>
<p class="about">${renderTime(createdAt, 'ago')} · ${isInbound ? 'to' : 'from'} <span class="mono">${other}</span> · ${segmentsOf(message)}</p>
<div class="tools">
${isInbound ? '' : renderTimeline(name, timeline)}${renderMenu(name, direction)}<button type="button" class="button slim plain scripted" data-delete aria-label="Delete the message: ${name}">Delete</button>
</div>
</li>`;
}

function renderCode(code: string): string {
  const text = escapeHtml(code);
  return `
<p class="code-row"><span class="code">${text}</span> <button type="button" class="button slim scripted" data-copy="${text}" aria-label="Copy code ${text}">Copy code</button></p>`;
}

function renderTimeline(name: string, timeline: readonly TimelineEntry[]): string {
  return `<details class="fold">
<summary>Timeline <span class="quiet" data-part="steps">${timeline.length}</span><span class="visually-hidden"> of the message: ${name}</span></summary>
<ol class="timeline" data-part="timeline">${timeline.map(renderStep).join('')}</ol>
</details>
`;
}

/** Filled from the template of the direction when it is opened first. */
function renderMenu(name: string, direction: InboxMessage['direction']): string {
  return `<details class="fold menu scripted" data-menu="${direction}"><summary>Actions<span class="visually-hidden"> for the message: ${name}</span></summary></details>
`;
}

function renderStep({ status, at, errorCode, callback }: TimelineEntry): string {
  const report = callback
    ? `callback ${callback.answer === null ? 'got <strong>no answer</strong>' : `answered <strong>${callback.answer}</strong>`} at ${renderTime(callback.at, 'clock')}`
    : 'no callback';
  return `<li>${renderStatus(status, errorCode)} <span class="when">${renderTime(at, 'clock')}</span> <span class="report">${report}</span></li>`;
}

function renderStatus(status: MessageStatus, errorCode: number | null): string {
  const [kind, word] = STATUSES[status];
  const code = errorCode === null ? '' : ` ${errorCode}`;
  return `<span class="chip ${kind}">${icon(kind)}${word}${code}</span>`;
}

/** @param show what a script makes of it: how long ago it was, or the time of the reader's clock */
function renderTime(at: string, show: 'ago' | 'clock'): string {
  const exact = `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
  const text = show === 'ago' ? exact : `${at.slice(11, 19)} UTC`;
  return `<time datetime="${at}" title="${exact}" data-show="${show}">${text}</time>`;
}

function segmentsOf({ segments, encoding }: InboxMessage): string {
  return `${segments} ${segments === 1 ? 'segment' : 'segments'}, ${escapeHtml(encoding)}`;
}
