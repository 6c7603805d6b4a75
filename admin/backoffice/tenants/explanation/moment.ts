import { useSearchParams } from 'react-router-dom';

/** The name of the panel, to be scrolled to. */
export const PANEL_ID = 'why-this-plan';

/** The moment that is told of stands in the page's address, so that it can be handed on; null is now. */
export function useMoment(): [string | null, (at: string | null) => void] {
  const [search, setSearch] = useSearchParams();
  const set = (at: string | null) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (at) next.set('at', at);
        else next.delete('at');
        return next;
      },
      { replace: true, preventScrollReset: true },
    );
  return [search.get('at'), set];
}

/** As a datetime-local field has it: the reader's own clock, to the second where it is not a whole minute. */
export function localOf(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(+date)) return '';
  const local = new Date(+date - date.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, date.getUTCSeconds() === 0 ? 16 : 19);
}
