import { type ButtonHTMLAttributes, type InputHTMLAttributes, type ReactNode, useEffect, useId, useRef } from 'react';
import type { ApiError } from '../api';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { look?: string; busy?: boolean };

/** A button; while `busy` it takes no click and says so. `look`: plain, quiet, danger, wide. */
export const Button = ({ look = '', busy = false, children, disabled, ...rest }: ButtonProps) => (
  <button type="button" {...rest} className={`button ${look}`} disabled={busy || disabled} aria-busy={busy}>
    {busy ? 'One moment…' : children}
  </button>
);

type FieldProps = InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: string; fault?: string | undefined };

/** A labelled input with its hint and its fault tied to it. */
export function Field({ label, hint, fault, className = '', ...rest }: FieldProps) {
  const id = useId();
  const notes = [hint ? `${id}-hint` : '', fault ? `${id}-fault` : ''].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...rest}
        id={id}
        className={`input ${className}`}
        aria-invalid={fault ? true : undefined}
        aria-describedby={notes || undefined}
      />
      {hint ? (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      ) : null}
      {fault ? (
        <span className="fault" id={`${id}-fault`} role="alert">
          {fault}
        </span>
      ) : null}
    </div>
  );
}

/** Something to know: `bad` is read out at once, the others when there is a pause. */
export const Notice = ({ tone = '', children }: { tone?: '' | 'bad' | 'warn' | 'good'; children: ReactNode }) => (
  <div className={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
    {children}
  </div>
);

export const Loading = ({ what }: { what: string }) => (
  <p className="loading" role="status">
    {what}
  </p>
);

/** What went wrong, in the server's words; with `retry` a way to try again. */
export const Fault = ({ error, retry }: { error: ApiError | undefined; retry?: () => unknown }) =>
  error ? (
    <Notice tone="bad">
      <span>{error.detail}</span>
      {retry ? (
        <Button look="plain" onClick={() => void retry()}>
          Try again
        </Button>
      ) : null}
    </Notice>
  ) : null;

/** A modal window: the browser keeps the focus inside and closes it by Escape. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  const cancel = (event: { preventDefault: () => void }) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={ref} aria-labelledby={id} onCancel={cancel}>
      <div className="stack">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
