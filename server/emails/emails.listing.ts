import { In } from 'typeorm';
import type { Listing } from '../http/simple-rest';
import { Email } from './email.entity';
import { EmailEvent } from './email-event.entity';

export const emailsListing: Listing<Email> & { name: 'emails' } = {
  name: 'emails',
  entity: Email,
  sorts: ['createdAt'],
  defaultSort: ['createdAt', 'DESC'],
  filters: { tenantId: 'word', invitationId: 'word', kind: 'word', status: 'word', createdAt: 'moment' },
  search: ['to'],
  async present(rows, db) {
    const events =
      rows.length === 0
        ? []
        : await db
            .getRepository(EmailEvent)
            .find({ where: { emailId: In(rows.map(({ id }) => id)) }, order: { at: 'ASC', id: 'ASC' } });
    return rows.map(({ sealedSecret: _secret, data: _data, claimedAt: _claimed, ...email }) => ({
      ...email,
      events: events
        .filter(({ emailId }) => emailId === email.id)
        .map(({ kind, at, detail, provider }) => ({ kind, at, detail, provider })),
    }));
  },
};
