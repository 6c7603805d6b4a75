/** What the browser keeps for us; a browser that keeps nothing (private mode, blocked storage) is no fault. */
const keeper = (storage: () => Storage) => ({
  get(key: string): string | null {
    try {
      return storage().getItem(`tenantry.${key}`);
    } catch {
      return null;
    }
  },
  set(key: string, value: string | null) {
    try {
      if (value === null) storage().removeItem(`tenantry.${key}`);
      else storage().setItem(`tenantry.${key}`, value);
    } catch {
      // Kept for this page alone then.
    }
  },
});

/** Until the tab is closed. */
export const forTab = keeper(() => sessionStorage);
/** Until it is cleared. */
export const forBrowser = keeper(() => localStorage);
