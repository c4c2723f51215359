import { Arrivals } from './arrivals.js';
import { byId } from './elements.js';
import { showTimes } from './inbox-times.js';

const SOON_MS = 40;
const RENEW_TIMES_MS = 15_000;

/** The messages on the page, which are always those that the server shows for the present search. */
export class MessageList {
  #items = byId('messages');
  #served = new WeakMap(); // parts as the server gave them
  #arrivals = new Arrivals();
  #running;
  #isDue = false;
  #announces = false;

  constructor() {
    for (const item of this.#items.children) this.#take(item);
    this.#arrivals.note([...this.#items.children].map(messageOf));
    setInterval(() => showTimes(this.#items), RENEW_TIMES_MS);
  }

  /** Puts in what is new. What has not changed stays as it is, with its focus and with what is open. */
  refresh({ announce = false } = {}) {
    this.#isDue = true;
    this.#announces ||= announce;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #run() {
    while (this.#isDue) {
      await new Promise((resolve) => setTimeout(resolve, SOON_MS)); // changes come in bursts
      const announces = this.#announces;
      this.#isDue = this.#announces = false;
      const address = location.search;
      const response = await fetch(`/inbox${address}`).catch(() => undefined);
      if (!response?.ok) return; // the stream tells when the server is back
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      if (address === location.search) this.#show(page, announces);
    }
  }

  #show(page, announces) {
    for (const id of ['count', 'list-note', 'delete-all']) this.#renew(byId(id), page.getElementById(id));
    const next = [...page.querySelectorAll('#messages > li')];
    const ids = new Set(next.map(({ id }) => id));
    for (const item of this.#items.querySelectorAll(':scope > li')) if (!ids.has(item.id)) this.#remove(item);

    let place = this.#items.firstElementChild;
    for (const item of next) {
      const present = byId(item.id);
      if (present) {
        for (const part of present.querySelectorAll('[data-part]')) {
          this.#renew(part, item.querySelector(`[data-part=${part.dataset.part}]`));
        }
        if (present === place) place = place.nextElementSibling;
        else this.#items.insertBefore(present, place);
      } else {
        this.#items.insertBefore(document.adoptNode(item), place);
        this.#take(item);
      }
    }
    const arrived = this.#arrivals.note([...this.#items.children].map(messageOf));
    if (announces && arrived.length > 0) this.#announce(arrived.map(({ item }) => item));
  }

  #take(item) {
    for (const part of item.querySelectorAll('[data-part]')) this.#served.set(part, part.innerHTML);
    showTimes(item);
  }

  #renew(part, next) {
    if ((this.#served.get(part) ?? part.innerHTML) === next.innerHTML) return;
    this.#served.set(part, next.innerHTML);
    part.replaceChildren(...next.childNodes);
    showTimes(part);
  }

  #remove(item) {
    const hadFocus = item.contains(document.activeElement);
    item.remove();
    if (hadFocus) byId('list-title').focus();
  }

  /** Says that something came, and not all that it is. */
  #announce(arrived) {
    for (const item of arrived) item.classList.add('arrived');
    const [newest] = arrived;
    const what = arrived.length === 1 ? 'New message' : `${arrived.length} new messages, the newest`;
    byId('news').textContent = `${what}: ${newest.querySelector('h3').textContent}`;
  }
}

function messageOf(item) {
  return { item, id: item.dataset.id, createdAt: item.querySelector('.about time').dateTime };
}
