import { useId, useRef } from 'react';
import { Button } from './parts';
import { Link } from './router';
import { TenantList } from './tenant-list';
import type { Me } from './types';

/** Leads from one team to another, from wherever the reader is in it. */
export function TenantSwitch({ me, current }: { me: Me; current: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const close = () => dialog.current?.close();
  return (
    <>
      <Button aria-haspopup="dialog" onClick={() => dialog.current?.showModal()}>
        Switch team
      </Button>
      <dialog ref={dialog} aria-labelledby={title} className="switcher">
        <h2 id={title}>Switch team</h2>
        <TenantList tenants={me.tenants} current={current} onChosen={close} />
        <div className="row between">
          <Link href="/" onClick={close}>
            All teams, or a new one
          </Link>
          <Button onClick={close}>Stay here</Button>
        </div>
      </dialog>
    </>
  );
}
