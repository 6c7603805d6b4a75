import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { ask } from './api';
import { useAction } from './hooks';
import { Button, Fault, Notice } from './parts';
import type { PlanOffer } from './types';

interface ContactSalesProps {
  tenantId: string;
  offer: PlanOffer;
  onClose: () => void;
}

/** The way to a plan that is agreed on by contract. */
export function ContactSales({ tenantId, offer, onClose }: ContactSalesProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [message, setMessage] = useState('');
  const [sent, setSent] = useState(false);
  const { busy, error, run } = useAction();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setSent(await run(() => ask('POST', '/v1/contact', { tenantId, planId: offer.id, message: message.trim() })));
  };
  return (
    <dialog ref={dialog} aria-labelledby={`${id}-title`} onClose={onClose}>
      <h2 id={`${id}-title`}>Ask about {offer.name}</h2>
      {sent ? (
        <>
          <Notice kind="good">Your message is sent. We answer to your email address.</Notice>
          <div className="row end">
            <Button onClick={() => dialog.current?.close()}>Close</Button>
          </div>
        </>
      ) : (
        <form onSubmit={send}>
          <div className="field">
            <label htmlFor={id}>Your message</label>
            <textarea
              id={id}
              rows={5}
              required
              maxLength={2000}
              value={message}
              onChange={(event) => setMessage(event.target.value)}
            />
          </div>
          <Fault error={error} />
          <div className="row end">
            <Button onClick={() => dialog.current?.close()}>Back</Button>
            <Button type="submit" look="primary" busy={busy}>
              Send
            </Button>
          </div>
        </form>
      )}
    </dialog>
  );
}
