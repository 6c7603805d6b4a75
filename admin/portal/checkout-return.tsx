import { useEffect, useState } from 'react';
import { Button, Loading, Notice } from './parts';
import { navigate } from './router';
import { forTab } from './storage';
import type { TenantPlan } from './types';

/** Milliseconds between two looks at the plan, and until the reader is told that it takes longer. */
const LOOK_EVERY = 1500;
const LOOK_FOR = 20_000;

type Stage = 'none' | 'cancelled' | 'waiting' | 'paid' | 'slow';

/** Remembers what is being paid for, to know it again on the way back. */
export const rememberCheckout = (tenantId: string, planId: string) => forTab.set(`checkout.${tenantId}`, planId);

function stageOfAddress(): Stage {
  const word = new URLSearchParams(location.search).get('checkout');
  if (word === 'done') return 'waiting';
  return word === 'cancelled' ? 'cancelled' : 'none';
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface CheckoutReturnProps {
  tenantId: string;
  plan: TenantPlan | undefined;
  reload: () => Promise<TenantPlan | undefined>;
  /** Called once the plan is there. */
  onPaid: () => void;
}

/** What became of a payment, after the way back from the payment page. */
export function CheckoutReturn({ tenantId, plan: now, reload, onPaid }: CheckoutReturnProps) {
  const [stage, setStage] = useState(stageOfAddress);
  const [paidId, setPaidId] = useState('');

  // biome-ignore lint/correctness/useExhaustiveDependencies: one wait for each time that the stage is entered.
  useEffect(() => {
    if (stage !== 'waiting') return;
    let left = false;
    const awaited = forTab.get(`checkout.${tenantId}`);
    const watch = async () => {
      for (const end = Date.now() + LOOK_FOR; !left && Date.now() < end; await wait(LOOK_EVERY)) {
        const plan = await reload();
        if (left || !plan) continue;
        if (awaited === null ? plan.source !== 'subscription' : plan.planId !== awaited) continue;
        forTab.set(`checkout.${tenantId}`, null);
        setPaidId(plan.planId);
        setStage('paid');
        onPaid();
        return navigate(location.pathname, { replace: true });
      }
      if (!left) setStage('slow');
    };
    void watch();
    return () => {
      left = true;
    };
  }, [stage]);

  useEffect(() => {
    if (stage === 'cancelled') navigate(location.pathname, { replace: true });
  }, [stage]);

  return (
    <div aria-live="polite">
      {stage === 'waiting' && <Loading what="Waiting for the payment to be confirmed…" />}
      {stage === 'paid' && now?.planId === paidId && (
        <Notice kind="good">Thank you. You are on {now.planName} now.</Notice>
      )}
      {stage === 'cancelled' && (
        <Notice>You left the payment page. Nothing was charged, and your plan is as it was.</Notice>
      )}
      {stage === 'slow' && (
        <Notice kind="warn">
          <p>
            The payment is not confirmed yet. That may take a few minutes; you need not pay again, and may leave this
            page.
          </p>
          <Button onClick={() => setStage('waiting')}>Check again</Button>
        </Notice>
      )}
    </div>
  );
}
