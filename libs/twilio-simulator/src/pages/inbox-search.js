import { byId } from './elements.js';

const TYPING_MS = 150;
const SHORTCUT = 'shortcut';
const KEPT_AS = 'inbox-shortcut';

/** Looks for messages while one types. The address always says what is looked for, so Back and bookmarks work. */
export function startSearch(list) {
  const form = byId('search');
  let isTyping = false; // one entry of the history for all that is typed in one go
  let timer;

  function apply() {
    clearTimeout(timer);
    const fields = [...new FormData(form)].filter(([, value]) => value.trim() !== '');
    const query = new URLSearchParams(fields).toString();
    const address = query === '' ? '/inbox' : `/inbox?${query}`;
    if (address === location.pathname + location.search) return;
    if (isTyping) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    isTyping = true;
    void list.refresh();
  }

  form.addEventListener('input', ({ target }) => {
    if (target.id === SHORTCUT) return;
    clearTimeout(timer);
    timer = setTimeout(apply, TYPING_MS);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    apply();
  });
  form.addEventListener('focusout', () => (isTyping = false));
  addEventListener('popstate', () => {
    isTyping = false;
    const query = new URLSearchParams(location.search);
    for (const name of ['to', 'text']) form.elements[name].value = query.get(name) ?? '';
    void list.refresh();
  });
  startShortcut(form.elements.to);
}

/** A key that is a single character can be switched off, for those who dictate. */
function startShortcut(field) {
  const choice = byId(SHORTCUT);
  choice.checked = localStorage.getItem(KEPT_AS) !== 'off';
  choice.addEventListener('change', () => localStorage.setItem(KEPT_AS, choice.checked ? 'on' : 'off'));
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || !choice.checked) return;
    if (event.target.closest('input:not([type=checkbox]), select, textarea')) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
