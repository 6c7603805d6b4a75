import fc from 'fast-check';
import { MASK, maskPayload } from '../../domain/mask-payload';

const masked = (object: object) => maskPayload({ id: 'evt_1', data: { object } }) as { data: { object: object } };

describe('a payload as people may read it', () => {
  it('keeps ids, states, amounts and times', () => {
    const event = {
      id: 'evt_1Abc',
      object: 'event',
      api_version: '2026-10-28.endive',
      created: 1_764_000_000,
      livemode: false,
      type: 'customer.subscription.updated',
      data: {
        object: {
          id: 'sub_1Abc',
          object: 'subscription',
          status: 'past_due',
          customer: 'cus_9Xyz',
          cancel_at: null,
          cancel_at_period_end: false,
          currency: 'eur',
          items: {
            data: [{ price: { id: 'price_1Abc', unit_amount: 2900, lookup_key: 'starter_monthly' }, quantity: 3 }],
          },
          latest_invoice: 'in_1Abc',
        },
        previous_attributes: { status: 'active' },
      },
    };
    expect(maskPayload(event)).toEqual(event);
  });

  it.each<[string, object]>([
    ['a client secret', { client_secret: 'pi_1_secret_LEAK' }],
    ['a secret of another name', { ephemeral_secret: 'LEAK' }],
    ['a secret under a name that says nothing', { thing: 'seti_1_secret_LEAK' }],
    ['a key', { value: 'sk_live_LEAK' }],
    ['a token', { source: 'tok_LEAK' }],
    ['a card', { payment_method_details: { card: { last4: 'LEAK', fingerprint: 'LEAK', exp_year: 'LEAK' } } }],
    ['a bank account', { bank_account: { routing_number: 'LEAK', bank_name: 'LEAK' }, iban: 'LEAK' }],
    ['an address', { billing_details: { address: { line1: 'LEAK', country: 'LEAK' } } }],
    ['a mail address', { customer_email: 'LEAK@example.com', receipt_email: 'LEAK@example.com' }],
    ['a name and a phone', { name: 'LEAK', phone: 'LEAK', customer_name: 'LEAK' }],
    ['links of hosted pages', { hosted_invoice_url: 'https://x.test/LEAK', invoice_pdf: 'LEAK' }],
    ['a link under a name that says nothing', { next: 'see https://x.test/LEAK' }],
    ['text that somebody wrote', { description: 'For LEAK', footer: 'LEAK' }],
    ['metadata, and their names', { metadata: { note: 'LEAK', 'LEAK@example.com': 'x' } }],
    ['where a request came from', { client_ip: 'LEAK', user_agent: 'LEAK' }],
    ['text under a field that is new to us', { brand_new: 'LEAK', nested: [{ brand_new: ['LEAK'] }] }],
  ])('tells nothing of %s', (_what, object) => {
    const text = JSON.stringify(masked(object));
    expect(text).not.toContain('LEAK');
    expect(text).toContain(MASK);
  });

  it('tells no number of a card, written as text or as a number', () => {
    const text = JSON.stringify(
      masked({ number: 4242424242424242, code: '4242 4242 4242 4242', odd: 4242424242424242 }),
    );
    expect(text).not.toContain('4242');
  });

  const sensitive = fc.constantFrom(
    'client_secret',
    'webhook_secret',
    'card',
    'last4',
    'fingerprint',
    'exp_month',
    'bank_account',
    'iban',
    'email',
    'receipt_email',
    'phone',
    'name',
    'address',
    'hosted_invoice_url',
    'metadata',
    'token',
  );
  const harmless = fc.constantFrom(
    'object',
    'data',
    'items',
    'customer',
    'lines',
    'previous_attributes',
    'plan',
    'odd',
  );
  const secret = fc.oneof(fc.constant('LEAK'), fc.constant(['LEAK']), fc.constant({ id: 'LEAK', status: 'LEAK' }));
  const inside = fc.array(fc.tuple(harmless, fc.boolean()), { maxLength: 6 });

  it('tells nothing that stands under a risky name, however deep', () => {
    fc.assert(
      fc.property(sensitive, secret, inside, (name, value, path) => {
        const payload = path.reduce<object>(
          (inner, [key, listed]) => ({ id: 'evt_1', [key]: listed ? [inner] : inner }),
          { [name]: value, amount: 1 },
        );
        expect(JSON.stringify(maskPayload(payload))).not.toContain('LEAK');
      }),
    );
  });

  it('leaves what it was given as it is', () => {
    const payload = { data: { object: { email: 'a@example.com' } } };
    maskPayload(payload);
    expect(payload.data.object.email).toBe('a@example.com');
  });
});
