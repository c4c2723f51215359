import { byId, element } from './elements.js';
import { call, pathOf, tellProblem } from './inbox-api.js';
import { whenPressed } from './inbox-press.js';

const MOST = 500;

/** Takes messages out of the inbox, and puts those taken out last in again. */
export function handleDeleting(list) {
  let deleted = [];
  const problem = byId('list-problem');

  whenPressed(byId('messages'), '[data-delete]', async (pressed) => {
    const { id } = pressed.closest('li').dataset;
    const name = pressed.closest('li').querySelector('h3').textContent;
    if (await each([id], (path) => call('DELETE', path))) offerUndo([id], `Deleted: ${name}`);
  });

  whenPressed(document, '#delete-all', async () => {
    const query = new URLSearchParams(location.search);
    query.set('limit', String(MOST));
    const answer = await call('GET', `/inbox/messages?${query}`);
    if (tellProblem(problem, answer)) return;
    const ids = answer.body.messages.map(({ id }) => id);
    if (ids.length === 0 || !(await each(ids, (path) => call('DELETE', path)))) return;
    offerUndo(ids, ids.length === 1 ? 'Deleted 1 message' : `Deleted ${ids.length} messages`);
  });

  whenPressed(document, '#undo-button', async () => {
    if (!(await each(deleted, (path) => call('POST', `${path}/restore`, {})))) return;
    byId('undo').hidden = true;
    byId('list-title').focus();
    byId('news').textContent = 'Restored.';
  });

  async function each(ids, ask) {
    problem.replaceChildren();
    const answers = await Promise.all(ids.map((id) => ask(pathOf(id))));
    await list.refresh();
    return !tellProblem(problem, answers.find(({ ok }) => !ok) ?? { ok: true });
  }

  function offerUndo(ids, text) {
    deleted = ids;
    byId('undo').hidden = false;
    byId('undo-text').replaceChildren(element('span', {}, text));
    byId('undo-button').focus();
  }
}
