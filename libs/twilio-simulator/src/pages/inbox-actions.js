import { byId } from './elements.js';
import { call, pathOf, tell, tellProblem } from './inbox-api.js';
import { whenPressed } from './inbox-press.js';

/** What a person does with a message in place of phone and carrier. The result is told in the menu where it was asked for. */
export function handleActions() {
  const items = byId('messages');
  whenPressed(items, '[data-post]', (pressed) => {
    const { post: action, body = '{}', done } = pressed.dataset;
    return act(pressed, action, JSON.parse(body), done);
  });
  items.addEventListener('change', ({ target: { name, value, form } }) => {
    if (name === 'error') form.elements.other.closest('label').hidden = value !== 'other';
  });
  items.addEventListener('submit', (event) => {
    event.preventDefault();
    const { status, error, other } = event.target.elements;
    const errorCode = error.value === 'other' ? other.value.trim() : error.value;
    const body = { status: status.value, ...(errorCode !== '' && { errorCode: Number(errorCode) }) };
    void act(event.target, 'status', body, `Marked as ${status.value}.`);
  });
}

async function act(from, action, body, done) {
  const place = from.closest('.menu-content').querySelector('[data-result]');
  place.replaceChildren();
  const answer = await call('POST', `${pathOf(from.closest('li').dataset.id)}/${action}`, body);
  if (!tellProblem(place, answer)) tell(place, 'ok', done ?? reportOf(answer.body));
}

function reportOf({ answer }) {
  return answer === null ? 'Sent, but no answer came.' : `Sent, and answered with ${answer}.`;
}
