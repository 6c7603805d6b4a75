import { In } from 'typeorm';
import type { Listing } from '../http/simple-rest';
import { User } from '../users/user.entity';
import { ContactRequest } from './contact-request.entity';

/** What customers wrote to sales, for operators. */
export const contactRequestsListing: Listing<ContactRequest> & { name: 'contact-requests' } = {
  name: 'contact-requests',
  entity: ContactRequest,
  sorts: ['createdAt'],
  defaultSort: ['createdAt', 'DESC'],
  filters: { tenantId: 'word', userId: 'word', createdAt: 'moment' },
  async present(rows, db) {
    const users =
      rows.length > 0 ? await db.getRepository(User).findBy({ id: In(rows.map(({ userId }) => userId)) }) : [];
    return rows.map((row) => {
      const user = users.find(({ id }) => id === row.userId);
      return { ...row, name: user?.name ?? '', email: user?.email ?? null };
    });
  },
};
