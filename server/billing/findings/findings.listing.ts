import { In } from 'typeorm';
import { repairOf } from '../../../domain/finding';
import type { Listing } from '../../http/simple-rest';
import { Operator } from '../../operators/operator.entity';
import { Finding } from '../finding.entity';

/** Findings, the most money at risk first. Amounts are compared as numbers, whatever their currency. */
export const findingsListing: Listing<Finding> & { name: 'findings' } = {
  name: 'findings',
  entity: Finding,
  sorts: ['atRiskAmount', 'lastSeenAt', 'firstSeenAt'],
  defaultSort: ['atRiskAmount', 'DESC'],
  filters: {
    tenantId: 'word',
    customerId: 'word',
    subscriptionId: 'word',
    kind: 'word',
    cause: 'word',
    severity: 'word',
    status: 'word',
    ownerId: 'word',
    firstSeenAt: 'moment',
    lastSeenAt: 'moment',
    snoozedUntil: 'moment',
  },
  async present(rows, db) {
    const ids = [...new Set(rows.flatMap(({ ownerId }) => ownerId ?? []))];
    const owners =
      ids.length > 0
        ? await db.getRepository(Operator).find({ select: { id: true, name: true }, where: { id: In(ids) } })
        : [];
    return rows.map(({ fingerprint: _fingerprint, atRiskAmount, atRiskCurrency, ...finding }) => {
      const owner = owners.find(({ id }) => id === finding.ownerId);
      return {
        ...finding,
        owner: owner ? { id: owner.id, name: owner.name } : null,
        atRisk: atRiskAmount === null ? null : { amount: Number(atRiskAmount), currency: atRiskCurrency },
        repair: finding.status === 'resolved' ? null : repairOf(finding.kind),
      };
    });
  },
};
