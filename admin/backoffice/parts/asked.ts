export type Body = Record<string, unknown>;

/** What a dialog asks for before a verb is done: sent with it. */
export interface Asked {
  initial: () => Body;
  /** Whether it may be sent. */
  ready: (value: Body) => boolean;
  Fields: React.ComponentType<{ value: Body; change: (value: Body) => void }>;
}
