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
/** What a token starts with that asks for the items behind a place, or for those before it. */
const BEHIND = 'PA';
const BEFORE = 'PB';
const TOKEN = /^(PA|PB)(\d{1,16})$/;

/**
 * Cuts a page out of a list. Tokens name a place in the order of creation, so items that come or go meanwhile move no
 * other from page to page, and the item at that place may go too.
 * @param items newest first
 * @param orderOf grows from one item to the next created one
 * @throws TwilioError 20001 when the page makes no sense
 */
export function paginate<T>(
  items: readonly T[],
  orderOf: (item: T) => number,
  path: string,
  query: URLSearchParams,
): { page: TwilioPage; items: T[] } {
  const size = Math.min(readInteger(query, 'PageSize', 1) ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
  const index = readInteger(query, 'Page', 0) ?? 0;
  const token = query.get('PageToken');
  const from = token === null ? index * size : startOf(items.map(orderOf), token, size);
  const shown = items.slice(from, from + size);
  const [first, last] = [shown.at(0), shown.at(-1)];

  const uriOf = (page: number, placeToken?: string | null) => {
    const all = new URLSearchParams([...query].filter(([name]) => !PAGING.includes(name)));
    all.set('PageSize', String(size));
    all.set('Page', String(page));
    if (placeToken) all.set('PageToken', placeToken);
    return `${path}?${all.toString()}`;
  };
  return {
    items: shown,
    page: {
      end: index * size + Math.max(shown.length - 1, 0),
      first_page_uri: uriOf(0),
      next_page_uri:
        last && from + size < items.length ? uriOf(index + 1, `${BEHIND}${orderOf(last)}`) : null,
      page: index,
      page_size: size,
      previous_page_uri: first && index > 0 ? uriOf(index - 1, `${BEFORE}${orderOf(first)}`) : null,
      start: index * size,
      uri: uriOf(index, token),
    },
  };
}

function startOf(orders: readonly number[], token: string, size: number): number {
  const [, direction, digits] = TOKEN.exec(token) ?? [];
  if (direction === undefined) throw new TwilioError(20001, 400, 'Invalid PageToken');
  const place = Number(digits);
  if (direction === BEHIND) return orders.filter((order) => order >= place).length;
  return Math.max(orders.filter((order) => order > place).length - size, 0);
}

function readInteger(query: URLSearchParams, name: string, min: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) < min) throw new TwilioError(20001, 400, `Invalid ${name}`);
  return Number(text);
}
