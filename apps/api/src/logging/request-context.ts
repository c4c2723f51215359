import { AsyncLocalStorage } from 'node:async_hooks';

/** The id of the request that is being served, for log lines that are written on its behalf. */
export const requestContext = new AsyncLocalStorage<{ requestId: string }>();
