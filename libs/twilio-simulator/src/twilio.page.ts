import { TwilioError } from './twilio.errors.js';

/** A page of a list as Twilio's older API gives it, without the items. */
export interface TwilioPage {
  end: number;
  first_page_uri: string;
  next_page_uri: string | null;
  page: number;
  page_size: number;
  previous_page_uri: string | null;
  start: number;
  uri: string;
}

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;
const PAGING = ['PageSize', 'Page', 'PageToken'];
/** What a token starts with that asks for the items behind its item, or for those before it. */
const BEHIND = 'PA';
const BEFORE = 'PB';

/**
 * Cuts a page out of a list. Tokens name an item, so items that come or go meanwhile move no other from page to page.
 * @throws TwilioError 20001 when the page makes no sense
 */
export function paginate<T extends { sid: string }>(
  items: readonly T[],
  path: string,
  query: URLSearchParams,
): { page: TwilioPage; items: T[] } {
  const size = Math.min(readInteger(query, 'PageSize', 1) ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  const index = readInteger(query, 'Page', 0) ?? 0;
  const from = startOf(items, query.get('PageToken'), index, size);
  const shown = items.slice(from, from + size);
  const [first, last] = [shown.at(0), shown.at(-1)];

  const uriOf = (page: number, token?: string) => {
    const all = new URLSearchParams([...query].filter(([name]) => !PAGING.includes(name)));
    all.set('PageSize', String(size));
    all.set('Page', String(page));
    if (token) all.set('PageToken', token);
    return `${path}?${all.toString()}`;
  };
  return {
    items: shown,
    page: {
      end: index * size + Math.max(shown.length - 1, 0),
      first_page_uri: uriOf(0),
      next_page_uri: last && from + size < items.length ? uriOf(index + 1, `${BEHIND}${last.sid}`) : null,
      page: index,
      page_size: size,
      previous_page_uri: first && index > 0 ? uriOf(index - 1, `${BEFORE}${first.sid}`) : null,
      start: index * size,
      uri: uriOf(index, query.get('PageToken') ?? undefined),
    },
  };
}

function startOf(
  items: readonly { sid: string }[],
  token: string | null,
  page: number,
  size: number,
): number {
  if (token === null) return page * size;
  const at = items.findIndex(({ sid }) => sid === token.slice(BEHIND.length));
  if (at === -1) throw new TwilioError(20001, 400, 'Invalid PageToken');
  return token.startsWith(BEFORE) ? Math.max(at - size, 0) : at + 1;
}

function readInteger(query: URLSearchParams, name: string, min: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) < min) throw new TwilioError(20001, 400, `Invalid ${name}`);
  return Number(text);
}
