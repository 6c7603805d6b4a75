import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, ask } from './api';
import type { Page } from './types';

/** Any fault as one that can be shown. */
export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(0, 'unexpected', 'Something went wrong on this page. Reload it and try again.');

export interface Loaded<T> {
  data: T | undefined;
  error: ApiError | undefined;
  /** Reads again; what is shown stays until the answer is there. */
  reload: () => Promise<T | undefined>;
}

const readOne = <T>(path: string): Promise<T> => ask<T>('GET', path);

/** Every page of a list. */
async function readAll<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const page: Page<T> = await ask('GET', `${path}?limit=200${after && `&after=${encodeURIComponent(after)}`}`);
    items.push(...page.items);
    after = page.next;
  }
  return items;
}

/** Reads a list whole, and keeps it. */
export const useList = <T>(path: string): Loaded<T[]> => useLoad<T[]>(path, readAll);

/** Reads `path` and keeps the answer; of several answers under way the last asked for wins. `read` must stay the same. */
export function useLoad<T>(path: string, read: (path: string) => Promise<T> = readOne): Loaded<T> {
  const [state, setState] = useState<{ path: string; data?: T; error?: ApiError }>({ path });
  const turn = useRef(0);
  const reload = useCallback(async () => {
    const mine = ++turn.current;
    try {
      const data = await read(path);
      if (mine === turn.current) setState({ path, data });
      return data;
    } catch (caught) {
      const error = asApiError(caught);
      if (mine === turn.current) setState((before) => (before.path === path ? { ...before, error } : { path, error }));
      return undefined;
    }
  }, [path, read]);
  useEffect(() => {
    void reload();
    return () => void turn.current++;
  }, [reload]);
  return state.path === path
    ? { data: state.data, error: state.error, reload }
    : { data: undefined, error: undefined, reload };
}

/** Runs one thing at a time on a person's behalf, and keeps what went wrong. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const running = useRef(false);
  /** True when `work` came through. */
  const run = useCallback(async (work: () => Promise<unknown>): Promise<boolean> => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setError(undefined);
    try {
      await work();
      return true;
    } catch (caught) {
      setError(asApiError(caught));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  return { busy, error, run };
}
