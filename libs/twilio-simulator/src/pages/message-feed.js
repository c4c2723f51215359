import { Arrivals } from './arrivals.js';
import { followEvents } from './inbox-stream.js';

/**
 * Follows the messages of the inbox.
 * @param onChange told all messages, newest first, and the ids of those that are new
 */
export function followMessages(onChange) {
  const arrivals = new Arrivals();
  let known; // newest first
  let knownUpTo = 0; // the newest event that the list knew of
  let newestEvent = 0;
  let running;
  let isDue = false;

  function show(messages) {
    const arrived = arrivals.note(messages).map(({ id }) => id);
    const isFirst = known === undefined;
    known = messages;
    onChange(messages, isFirst ? [] : arrived);
  }

  function put(message) {
    if (known?.some(({ id }) => id === message.id)) {
      show(known.map((other) => (other.id === message.id ? message : other)));
    } else if (known && message.createdAt > (known[0]?.createdAt ?? '')) {
      show([message, ...known]);
    } else {
      load(); // an old one, or of the same moment: the server knows its place
    }
  }

  function load() {
    isDue = true;
    running ??= run()
      .catch(() => {}) // once the server is back, the stream opens
      .finally(() => (running = undefined));
  }

  async function run() {
    while (isDue) {
      isDue = false;
      const response = await fetch('/inbox/messages');
      const { messages } = await response.json();
      const upTo = Number(response.headers.get('last-event-id'));
      if (upTo < newestEvent) {
        isDue = true; // events that came meanwhile are newer than this list
      } else {
        knownUpTo = upTo;
        show(messages);
      }
    }
  }

  followEvents({
    onEvent(type, { id, data }) {
      newestEvent = id;
      if (type === 'message') {
        if (id > knownUpTo) put(data);
      } else {
        if (type === 'reset') knownUpTo = 0;
        load();
      }
    },
    onState(isLive) {
      if (isLive) load();
    },
  });
}
