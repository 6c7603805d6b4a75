export interface SeatFacts {
  /** Null means unlimited. */
  limit: number | null;
  members: number;
  pendingInvitations: number;
  /** 1 when inviting or adding; 0 when accepting, since the invitation holds its seat already. */
  adding: 0 | 1;
}

export type SeatVerdict = { ok: true } | { ok: false; code: 'seats_full'; message: string };

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Seats count members plus pending invitations. */
export function seatVerdict({ limit, members, pendingInvitations, adding }: SeatFacts): SeatVerdict {
  const taken = members + pendingInvitations + adding;
  if (limit === null || taken <= limit) return { ok: true };
  return {
    ok: false,
    code: 'seats_full',
    message: `All ${limit} seats are taken (${counted(members, 'member')}, ${counted(pendingInvitations, 'pending invitation')}). Free a seat, or move to a plan with more.`,
  };
}
