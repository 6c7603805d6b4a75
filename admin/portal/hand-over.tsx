import { useState } from 'react';
import { ask } from './api';
import { useAction, useList } from './hooks';
import { Button, Confirm, Fault } from './parts';
import { type Member, nameOf, type TabProps } from './types';

/** The way to give the team to another member and stay in it as an admin. */
export function HandOver({ me, tenant, api, reload, onDone }: TabProps & { onDone: (heir: string) => void }) {
  const members = useList<Member>(`${api}/members`);
  const [heirId, setHeirId] = useState('');
  const [asking, setAsking] = useState(false);
  const { busy, error, run } = useAction();
  const others = members.data?.filter(({ userId }) => userId !== me.user.id) ?? [];
  const heir = others.find(({ userId }) => userId === heirId);
  const handOver = async () => {
    const done = await run(async () => {
      await ask('POST', `${api}/ownership`, { userId: heirId });
      await reload();
    });
    if (!done) return;
    setAsking(false);
    onDone(nameOf(heir!));
  };
  return (
    <section className="card">
      <h2>Hand this team over</h2>
      <Fault error={members.error} retry={() => void members.reload()} />
      {members.data && others.length === 0 && (
        <p className="quiet">You are alone in this team. Invite whom you want to hand it to.</p>
      )}
      {others.length > 0 && (
        <div className="row">
          <select aria-label="New owner" value={heirId} onChange={(event) => setHeirId(event.target.value)}>
            <option value="">Choose a member</option>
            {others.map((member) => (
              <option key={member.userId} value={member.userId}>
                {nameOf(member)}
              </option>
            ))}
          </select>
          <Button disabled={!heir} onClick={() => setAsking(true)}>
            Hand over
          </Button>
        </div>
      )}
      {asking && heir && (
        <Confirm
          title={`Make ${nameOf(heir)} the owner of ${tenant.name}?`}
          verb="Hand over"
          danger
          busy={busy}
          error={error}
          onConfirm={() => void handOver()}
          onClose={() => setAsking(false)}
        >
          <p>
            You become an admin: billing, deletion and the choice of owners are {nameOf(heir)}’s from then on. Only an
            owner can make you one again.
          </p>
        </Confirm>
      )}
    </section>
  );
}
