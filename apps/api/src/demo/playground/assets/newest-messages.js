import { button, byId } from '/pages/elements.js';
import { messageCard, showStatus } from '/pages/message-card.js';
import { followMessages } from '/pages/message-feed.js';

const SHOWN = 3;

/** The newest messages of the inbox, beside the form. @param fillIn called with a message whose code is to be entered */
export function showNewestMessages({ mayFillIn, fillIn }) {
  const list = byId('messages');
  let newest = [];
  let cards = new Map();

  /** A card that is the same stays in place, with the focus and all that is in it. */
  function render(arrived = []) {
    byId('inbox-empty').hidden = newest.length > 0;
    cards = new Map(newest.map((message) => [message.id, cardOf(message, arrived.includes(message.id))]));
    const shown = [...cards.values()].map(({ card }) => card);
    if (shown.some((card, index) => list.children[index] !== card)) list.replaceChildren(...shown);
    else while (list.childElementCount > shown.length) list.lastElementChild.remove();
  }

  function cardOf(message, arrived) {
    const known = cards.get(message.id);
    const fillable = mayFillIn(message);
    if (known?.fillable === fillable) {
      showStatus(known.card, message);
      return known;
    }
    return { card: messageCard(message, { arrived, actions: actionsFor(message) }), fillable };
  }

  function actionsFor(message) {
    if (message.code === null || !mayFillIn(message)) return [];
    const fill = button('Fill in', () => fillIn(message), 'slim primary');
    fill.setAttribute('aria-label', `Fill in code ${message.code}`);
    return [fill];
  }

  followMessages((messages, arrived) => {
    newest = messages.filter(({ direction }) => direction !== 'inbound').slice(0, SHOWN);
    render(arrived);
    const [message] = newest;
    if (message && arrived.includes(message.id)) {
      byId('inbox-news').textContent = `New message to ${message.to}: ${message.body}`;
    }
  });
  return { render };
}
