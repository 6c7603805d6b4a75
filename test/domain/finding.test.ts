import { CAUSE_OF, type FindingKind } from '../../domain/decide-plan.types';
import { repairOf } from '../../domain/finding';
import { can, OPERATOR_ROLES, type OperatorRole } from '../../domain/permissions';

const STAFF: OperatorRole[] = ['admin', 'support'];
const REPAIRS: Record<FindingKind, [verb: string, who: OperatorRole[], changesPlan: boolean] | null> = {
  'missed-webhook': ['sync', STAFF, false],
  'missing-subscription': ['sync', STAFF, false],
  'unknown-status': ['sync', STAFF, false],
  'deleted-customer': ['sync', STAFF, false],
  'collection-paused': ['sync', STAFF, false],
  'past-due': ['sync', STAFF, false],
  'several-subscriptions': ['sync', STAFF, false],
  'handler-failed': ['replay', STAFF, false],
  'orphan-subscription': ['link-customer', ['admin'], true],
  'unknown-price': ['map-price', ['admin'], true],
  'superseded-subscription': ['cancel-subscription', ['admin'], false],
  'unknown-plan': null,
  'wrong-mode': null,
  'seat-overrun': null,
  'abandoned-checkout': null,
};

test.each(Object.keys(CAUSE_OF) as FindingKind[])(
  'the repair of %s is for who may do it, and says what changes',
  (kind) => {
    const repair = repairOf(kind);
    const who = repair && OPERATOR_ROLES.filter((role) => can(role, repair.access));
    expect(repair && [repair.verb, who, repair.changesPlan]).toEqual(REPAIRS[kind]);
  },
);

test('a kind that nobody knows has no repair', () => expect(repairOf('constructor')).toBeNull());
