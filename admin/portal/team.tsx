import { canInTenant } from '../../domain/permissions';
import { Invitations } from './invitations';
import { Members } from './members';
import type { TabProps } from './types';

/** The tab of who is in the team, and who is asked in. */
export function Team(props: TabProps) {
  return (
    <>
      {canInTenant(props.tenant.role, 'invitations:read') && <Invitations {...props} />}
      <Members {...props} />
    </>
  );
}
