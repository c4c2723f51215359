const WAIT_SECONDS = 25;
const PAUSE_MS = 3_000;

/**
 * Follows the messages of the inbox, by its stream of events where there is one, else by asking.
 * @param streams whether the server has the stream
 * @param onChange told all messages, newest first, and the ids of those that are new
 */
export function followMessages({ streams, onChange }) {
  let known = new Map();

  const show = (messages, isFirst = false) => {
    const arrived = messages.filter(({ id }) => !known.has(id)).map(({ id }) => id);
    known = new Map(messages.map((message) => [message.id, message]));
    onChange(messages, isFirst ? [] : arrived);
  };
  let isFirst = true;
  const load = async () => {
    const response = await fetch('/inbox/messages');
    show((await response.json()).messages, isFirst);
    isFirst = false;
  };
  const put = (message) => {
    const isNew = !known.has(message.id);
    const others = [...known.values()];
    show(isNew ? [message, ...others] : others.map((other) => (other.id === message.id ? message : other)));
  };

  if (streams) stream({ load, put });
  else void ask({ load, newest: () => known.keys().next().value });
}

function stream({ load, put }) {
  const events = new EventSource('/inbox/events');
  // Also after the connection was lost: what came meanwhile is not repeated.
  events.addEventListener('open', () => load().catch(() => {}));
  events.addEventListener('message', ({ data }) => put(JSON.parse(data)));
  for (const type of ['deleted', 'reset']) events.addEventListener(type, () => load().catch(() => {}));
}

async function ask({ load, newest }) {
  for (;;) {
    try {
      await load();
      let isSame = true;
      while (isSame) {
        await untilVisible();
        const query = new URLSearchParams({ wait: WAIT_SECONDS, ...(newest() && { after: newest() }) });
        const response = await fetch(`/inbox/messages/latest?${query}`);
        if (!response.ok) throw new Error('no answer');
        isSame = response.status === 204;
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** A page that nobody looks at asks for nothing. */
function untilVisible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', resolve, { once: true });
  });
}
