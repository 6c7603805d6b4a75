import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, ask } from './api';

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

/** Reads `path` (nothing for null) and keeps the answer; of several answers under way the last asked for wins. */
export function useLoad<T>(path: string | null): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; error?: ApiError }>({ path });
  const turn = useRef(0);
  const reload = useCallback(async () => {
    if (path === null) return undefined;
    const mine = ++turn.current;
    try {
      const data = await ask<T>('GET', path);
      if (mine === turn.current) setState({ path, data });
      return data;
    } catch (caught) {
      const error = asApiError(caught);
      if (mine === turn.current) setState((before) => (before.path === path ? { ...before, error } : { path, error }));
      return undefined;
    }
  }, [path]);
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
