import { chip, copyButton, element } from './elements.js';
import { STATUSES } from './message-statuses.js';

/** A message as its phone would show it. @param actions buttons beside that for copying */
export function messageCard(message, { arrived = false, actions = [] } = {}) {
  const card = element(
    'li',
    { class: arrived ? 'message arrived' : 'message' },
    element(
      'p',
      { class: 'head' },
      element('span', { class: 'mono' }, message.to),
      element(
        'time',
        { datetime: message.createdAt },
        new Date(message.createdAt).toLocaleTimeString('en', {
          hour: '2-digit',
          minute: '2-digit',
          second: '2-digit',
        }),
      ),
    ),
  );
  if (message.code !== null) card.append(element('p', { class: 'code' }, message.code));
  card.append(element('p', { class: 'body', dir: 'auto' }, message.body));
  const foot = element('div', { class: 'row' });
  if (message.code !== null) {
    foot.append(copyButton('Copy code', `Copy code ${message.code}`, message.code), ...actions);
  }
  foot.append(element('span', { class: 'status' }));
  card.append(foot);
  showStatus(card, message);
  return card;
}

/** What became of a message, on its card; the rest of the card, and the focus in it, stays as it is. */
export function showStatus(card, { status }) {
  card.querySelector('.status').replaceChildren(chip(...STATUSES[status]));
}
