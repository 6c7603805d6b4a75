/** Stripe's error object, the part that its SDK and its callers read. */
export interface StripeErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  doc_url?: string;
}

/** An answer that Stripe would refuse with; `status` is the HTTP status. */
export class StripeApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: StripeErrorBody,
  ) {
    super(body.message);
    if (body.code) body.doc_url = `https://docs.stripe.com/error-codes/${body.code.replaceAll('_', '-')}`;
  }
}

/** 400: a request that Stripe understands and does not accept. */
export const invalidRequest = (message: string, extra: { code?: string; param?: string } = {}): StripeApiError =>
  new StripeApiError(400, { type: 'invalid_request_error', message, ...extra });

/**
 * 404 for the object in the path, 400 for one named in a parameter: Stripe's way of saying that an id is unknown.
 * @param kind the word Stripe uses: "customer", "checkout.session"
 */
export function noSuch(kind: string, id: string, param = 'id'): StripeApiError {
  return new StripeApiError(param === 'id' ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param,
  });
}

/** 402: the card was refused. */
export const cardDeclined = (): StripeApiError =>
  new StripeApiError(402, {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'Your card was declined.',
  });

/** 402: the bank wants its customer to confirm the payment. */
export const authenticationRequired = (): StripeApiError =>
  new StripeApiError(402, {
    type: 'card_error',
    code: 'subscription_payment_intent_requires_action',
    message:
      'The latest invoice of this subscription requires confirmation by the customer. Complete it on the hosted invoice page.',
  });
