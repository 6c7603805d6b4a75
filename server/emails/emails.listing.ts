import type { Listing } from '../http/simple-rest';
import { Email } from './email.entity';

export const emailsListing: Listing<Email> & { name: 'emails' } = {
  name: 'emails',
  entity: Email,
  sorts: ['createdAt'],
  defaultSort: ['createdAt', 'DESC'],
  filters: { tenantId: 'word', invitationId: 'word', kind: 'word', status: 'word', createdAt: 'moment' },
  search: ['to'],
  present: async (rows) => rows.map(({ sealedSecret: _secret, data: _data, claimedAt: _claimed, ...email }) => email),
};
