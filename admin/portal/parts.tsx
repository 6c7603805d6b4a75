import { type ComponentPropsWithRef, type ReactNode, useEffect, useId, useRef } from 'react';
import type { ApiError } from './api';
import { PRODUCT } from './product';

/** The heading of a page: names the tab, and takes the focus so that a screen reader reads on from here. */
export function Title({ children, tab = children }: { children: string; tab?: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${tab} · ${PRODUCT}`;
  }, [tab]);
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) heading.current?.focus();
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** A word to the reader; faults are read out at once, the rest when it is convenient. */
export function Notice({ kind = 'info', children }: { kind?: 'info' | 'good' | 'warn' | 'bad'; children: ReactNode }) {
  return (
    <div className={`notice ${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

/** What went wrong and, where asking again may help, the way to do so. */
export function Fault({ error, retry }: { error: ApiError | undefined; retry?: () => void }) {
  if (!error) return null;
  return (
    <Notice kind="bad">
      <p>{error.detail}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </Notice>
  );
}

export function Loading({ what = 'Loading…' }: { what?: string }) {
  return (
    <p className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      {what}
    </p>
  );
}

type ButtonProps = ComponentPropsWithRef<'button'> & { busy?: boolean; look?: 'primary' | 'danger' | 'plain' };

/** A button that says so while its work is under way, and can't be pressed twice. */
export function Button({ busy = false, look = 'plain', className = '', disabled, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`${look} ${className}`.trim()}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

type FieldProps = ComponentPropsWithRef<'input'> & {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
};

/** A labelled input with its hint and its fault. */
export function Field({ label, hint, fault, ...rest }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...rest} aria-invalid={fault ? true : undefined} aria-describedby={described || undefined} />
      {hint && (
        <small id={`${id}-hint`} className="quiet">
          {hint}
        </small>
      )}
      {fault && (
        <small id={`${id}-fault`} className="fault">
          {fault}
        </small>
      )}
    </div>
  );
}

interface ConfirmProps {
  title: string;
  children: ReactNode;
  /** The button's word for doing it, such as "Remove". */
  verb: string;
  danger?: boolean;
  busy: boolean;
  /** False while it can't be confirmed yet. */
  ready?: boolean;
  error: ApiError | undefined;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that others would notice or that costs money. Escape and "Back" leave all as it is. */
export function Confirm({
  title,
  children,
  verb,
  danger = false,
  busy,
  ready = true,
  error,
  onConfirm,
  onClose,
}: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
      <Fault error={error} />
      <div className="row end">
        <Button onClick={() => dialog.current?.close()}>Back</Button>
        <Button look={danger ? 'danger' : 'primary'} busy={busy} disabled={!ready} onClick={onConfirm}>
          {verb}
        </Button>
      </div>
    </dialog>
  );
}

/** A moment as a date in the reader's own language. */
export const day = (moment: string): string => new Date(moment).toLocaleDateString(undefined, { dateStyle: 'long' });

/** An amount in its currency's minor unit, in the reader's own language. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
