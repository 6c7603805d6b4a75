import { type ReactNode, useState } from 'react';
import { useAction } from '../hooks';
import { Button, Dialog, Fault, Field } from './controls';

interface Props {
  /** What the button that opens the question says. */
  label: string;
  title: string;
  children: ReactNode;
  /** What the button that does it says. */
  yes: string;
  look?: string;
  /** The words to type before it can be done. */
  typed?: string;
  work: () => Promise<unknown>;
}

function Question({ title, children, yes, typed, work, onClose }: Omit<Props, 'label'> & { onClose: () => void }) {
  const { busy, error, run } = useAction();
  const [words, setWords] = useState('');
  const submit = async () => {
    if (await run(work)) onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p>{children}</p>
        {typed ? (
          <Field
            label={`Type “${typed}” to confirm`}
            autoComplete="off"
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        ) : null}
        <Fault error={error} />
        <div className="actions">
          <Button type="submit" look="danger" busy={busy} disabled={typed !== undefined && words.trim() !== typed}>
            {yes}
          </Button>
          <Button look="plain" onClick={onClose}>
            Back
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A button whose deed is asked about first; what went wrong is shown in the question. */
export function ConfirmButton({ label, look = 'quiet', ...question }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look={look} onClick={() => setOpen(true)}>
        {label}
      </Button>
      {open ? <Question {...question} onClose={() => setOpen(false)} /> : null}
    </>
  );
}
