import { byId } from './elements.js';
import { whenPressed } from './inbox-press.js';

const OPEN = 'details[data-menu][open]';

/** The actions of a message are there once they are asked for; one menu is open at a time. */
export function handleMenus() {
  // Before it opens, so that the next Tab goes into it; `toggle` comes later.
  whenPressed(document, '[data-menu] > summary', (summary) => fill(summary.parentElement));
  document.addEventListener('toggle', ({ target }) => opened(target), true);
  document.addEventListener('keydown', ({ key, target }) => {
    if (key === 'Escape') escape(target);
  });
  document.addEventListener('pointerdown', ({ target }) => {
    for (const menu of document.querySelectorAll(OPEN)) if (!menu.contains(target)) menu.open = false;
  });
  document.addEventListener('focusin', ({ target }) => {
    for (const menu of document.querySelectorAll(OPEN)) if (!menu.contains(target)) menu.open = false;
  });
}

function opened(menu) {
  if (!menu.matches?.(OPEN)) return;
  for (const other of document.querySelectorAll(OPEN)) if (other !== menu) other.open = false;
  fill(menu);
  menu.querySelector('.menu-content').scrollIntoView({ block: 'nearest' });
}

function fill(menu) {
  if (menu.querySelector('.menu-content')) return;
  menu.append(byId(`menu-${menu.dataset.menu}`).content.cloneNode(true));
}

/** Closes what is open around the focus, and goes back to what opened it. */
function escape(target) {
  const around = target.closest?.('details[open]') ?? document.querySelector(OPEN);
  if (!around) return;
  around.open = false;
  around.querySelector('summary').focus();
}
