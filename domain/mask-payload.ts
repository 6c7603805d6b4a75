/** Stands where a value was taken out. */
export const MASK = '••••';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Strings that people may read, whatever stands around them: Stripe's own words and numbers of bookkeeping. All other
 * text is masked, so that a field which Stripe adds tomorrow tells nothing of anybody.
 * https://docs.stripe.com/api
 */
const READABLE = new Set(
  `object type status mode currency interval api_version billing_reason collection_method
  payment_status reason cancellation_reason feedback billing_scheme usage_type aggregate_usage trial_settings
  tiers_mode tax_behavior proration_behavior end_behavior missing_payment_method pricing_type
  lookup_key decline_code failure_code subscription_cycle billing_cycle_anchor
  unit_amount_decimal amount_decimal unit_amount_excluding_tax_decimal percent_off behavior submit_type ui_mode
  source customer_creation payment_method_collection save_default_payment_method default_tax_behavior
  automatic_tax_status disabled_reason category cancellation_behavior resume_behavior`
    .split(/\s+/)
    .filter(Boolean),
);

/** Ids of Stripe's objects, and nothing that opens anything: keys and secrets begin otherwise. */
const ID =
  /^(acct|ch|cs_(test|live)|cus|di|evt|fee|ii|il|in|iit|li|mandate|mbur|pi|plan|pm|po|promo|prv|py|pyr|re|req|seti|si|sub|sub_sched|src|taxrate|txi|txn|txr|we|test_clock|clock)_[A-Za-z0-9]+$|^(price|prod|plan)_[A-Za-z0-9_]+$/;
const ID_WORD = /^[a-z0-9_.]+$/;

/** Whose numbers and switches tell of a person, an account or a card, and whose text is taken out whole. */
const SENSITIVE =
  /secret|token|password|credential|authoriz|fingerprint|signature|card|bank|account|iban|sepa|routing|ssn|last_?4|exp_(month|year)|cvc|number|wallet|address|phone|email|name|ip$|ip_|birth|dob|tax_id|vat|url|link|metadata|custom|receipt|shipping|fraud|hosted|pdf|network_|user_agent/i;

/** Fields whose name sounds so, and that hold nothing of the kind: switches, counts and ids of Stripe's. */
const HARMLESS = new Set([
  'customer',
  'account',
  'customer_balance',
  'payment_method_types',
  'custom_unit_amount',
  'customer_update',
]);

const isSensitive = (key: string): boolean => SENSITIVE.test(key) && !HARMLESS.has(key);

/** Shaped like what is masked whatever it is called: an address of the web or of mail, a secret, a card's number. */
const RISKY = /:\/\/|@|_secret_|^(sk|rk|pk|whsec|ek|tok|btok|ephkey|file|card|ba|src_client)_|(?:\d[ -]?){12,}/i;

/** No time in seconds and no amount is as long; the number of a card or an account is. */
const LONGEST = 1e11;

function maskText(key: string, value: string): string {
  if (value === '') return '';
  if (RISKY.test(value)) return MASK;
  if (ID.test(value)) return value;
  if ((key === 'id' || READABLE.has(key)) && value.length <= 80 && ID_WORD.test(value.toLowerCase())) return value;
  return key === 'api_version' && /^[\w.-]{1,40}$/.test(value) ? value : MASK;
}

/** Everything below a sensitive name, but for its shape. */
function blot(value: Json): Json {
  if (value === null) return null;
  if (Array.isArray(value)) return value.length > 0 ? [MASK] : [];
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [keyOf(key), blot(inner)]));
  return MASK;
}

/** Names are Stripe's; one that is no word of theirs was given by somebody, and may itself tell something. */
const keyOf = (key: string): string => (/^[a-z][a-z0-9_]{0,60}$/.test(key) && !RISKY.test(key) ? key : MASK);

function maskValue(key: string, value: Json): Json {
  if (value === null || typeof value === 'boolean') return isSensitive(key) && value !== null ? MASK : value;
  if (isSensitive(key)) return blot(value);
  if (typeof value === 'number') return Math.abs(value) < LONGEST ? value : MASK;
  if (typeof value === 'string') return maskText(key, value);
  if (Array.isArray(value)) return value.map((one) => maskValue(key, one));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [keyOf(name), maskValue(name, inner)]));
}

/**
 * A Stripe event's payload as people may read it: ids, states, amounts and times stay; secrets, card and bank data,
 * addresses, names, links and all text that is not known to be harmless become `••••`. Pure; gives a new object.
 */
export const maskPayload = (payload: object): object => maskValue('', payload as Json) as object;
