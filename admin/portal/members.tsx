import { useState } from 'react';
import { canInTenant, mayGrantRole, TENANT_ROLES, type TenantRole } from '../../domain/permissions';
import { ask } from './api';
import { useAction, useList } from './hooks';
import { Button, Confirm, Fault, Loading } from './parts';
import { navigate } from './router';
import { type Member, nameOf, type TabProps } from './types';

interface MemberRowProps {
  member: Member;
  path: string;
  myRole: TenantRole;
  isMe: boolean;
  writable: boolean;
  onChanged: () => Promise<unknown>;
  onLeft: () => Promise<unknown>;
}

function MemberRow({ member, path, myRole, isMe, writable, onChanged, onLeft }: MemberRowProps) {
  const [asking, setAsking] = useState(false);
  const removing = useAction();
  const granting = useAction();
  const name = nameOf(member);
  const below = writable && mayGrantRole(myRole, member.role);
  const mayRemove = below && canInTenant(myRole, 'members:remove');
  const verb = isMe ? 'Leave' : 'Remove';
  const { pendingInvitations } = member;
  const pending = pendingInvitations === 1 ? 'pending invitation' : `${pendingInvitations} pending invitations`;
  const remove = async () => {
    const done = await removing.run(async () => {
      await ask('DELETE', path);
      await (isMe ? onLeft() : onChanged());
    });
    if (done) setAsking(false);
  };
  const setRole = (role: string) =>
    granting.run(async () => {
      await ask('PATCH', path, { role });
      await onChanged();
    });
  return (
    <li>
      <div className="grow">
        <strong>{name}</strong>
        {isMe && ' (you)'}
        <div className="quiet">{member.name ? member.email : ''}</div>
        <Fault error={granting.error} />
      </div>
      {below && canInTenant(myRole, 'members:set-role') ? (
        <select
          aria-label={`Role of ${name}`}
          value={member.role}
          disabled={granting.busy}
          onChange={(event) => void setRole(event.target.value)}
        >
          {TENANT_ROLES.filter((role) => mayGrantRole(myRole, role)).map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      ) : (
        <span className="tag">{member.role}</span>
      )}
      {(isMe ? writable : mayRemove) && (
        <Button aria-label={isMe ? 'Leave this team' : `Remove ${name}`} onClick={() => setAsking(true)}>
          {verb}
        </Button>
      )}
      {asking && (
        <Confirm
          title={isMe ? 'Leave this team?' : `Remove ${name}?`}
          verb={verb}
          danger
          busy={removing.busy}
          error={removing.error}
          onConfirm={remove}
          onClose={() => setAsking(false)}
        >
          <p>
            {isMe
              ? 'You lose access to it at once. To come back you need an invitation.'
              : `${name} loses access to this team at once.`}
          </p>
          {member.pendingInvitations > 0 && (
            <p>
              {isMe
                ? `An owner takes over the ${pending} that you sent.`
                : `The ${pending} that ${name} sent ${member.pendingInvitations === 1 ? 'ends' : 'end'} with it.`}
            </p>
          )}
        </Confirm>
      )}
    </li>
  );
}

/** Who is in the team. */
export function Members({ me, tenant, api, reload }: TabProps) {
  const members = useList<Member>(`${api}/members`);
  const changed = async () => {
    await Promise.all([members.reload(), reload()]);
  };
  const left = async () => {
    await reload();
    navigate('/', { replace: true });
  };
  return (
    <section className="card">
      <h2>Members</h2>
      <Fault error={members.error} retry={() => void members.reload()} />
      {!members.data && !members.error && <Loading />}
      <ul className="list">
        {members.data?.map((member) => (
          <MemberRow
            key={member.userId}
            member={member}
            path={`${api}/members/${encodeURIComponent(member.userId)}`}
            myRole={tenant.role}
            isMe={member.userId === me.user.id}
            writable={tenant.status === 'active'}
            onChanged={changed}
            onLeft={left}
          />
        ))}
      </ul>
    </section>
  );
}
