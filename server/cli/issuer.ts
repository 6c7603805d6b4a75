import { parseArgs } from 'node:util';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { addIssuer, listIssuers, removeIssuer, rotateIssuer } from '../issuer/issuers';
import { ALGORITHMS, type Algorithm, DEFAULT_ALGORITHM, issuerUrl } from '../issuer/signing-key';
import { runVerb } from './run';

const USAGE = `Usage: npm run issuer -- list
       npm run issuer -- add NAME [--alg ${ALGORITHMS.join('|')}]
       npm run issuer -- rotate NAME [--at-once]    a new key; --at-once ends all that the old one signed, as after a leak
       npm run issuer -- remove NAME                ends all of its tokens
The issuer "portal" signs for those who sign in at the portal; it can be rotated, and not removed.`;

function misused(why: string): never {
  console.error(`${why}\n${USAGE}`);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        alg: { type: 'string', default: DEFAULT_ALGORITHM },
        'at-once': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return misused((error as Error).message);
  }
}

const { values, positionals } = readArguments();
const [verb = 'list', name = ''] = positionals;
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

async function list(context: Context): Promise<void> {
  const issuers = await listIssuers(context);
  if (issuers.length === 0) console.log('No keys yet: the first sign-in at the portal makes one.');
  for (const { name, url, alg, kid, since, retiring } of issuers) {
    console.log(`${name}\n  iss   ${url}\n  keys  ${url}/.well-known/jwks.json`);
    const still = retiring > 0 ? `; ${retiring} older still good for what they signed` : '';
    console.log(`  key   ${kid}, ${alg}, since ${since.toISOString().slice(0, 10)}${still}`);
  }
}

const VERBS: Record<string, (context: Context, actor: Actor) => Promise<unknown>> = {
  list,
  async add(context, actor) {
    if (!ALGORITHMS.includes(values.alg as Algorithm)) misused(`--alg must be one of ${ALGORITHMS.join(', ')}.`);
    const { kid } = await addIssuer(context, actor, name, values.alg as Algorithm);
    console.log(`Made the issuer ${name}: iss ${issuerUrl(context.config, name)}, key ${kid}.`);
  },
  async rotate(context, actor) {
    const { kid } = await rotateIssuer(context, actor, name, { atOnce: values['at-once'] });
    const older = values['at-once'] ? 'are no good any more' : 'stay good until they run out';
    console.log(`${name} signs with the key ${kid} from now on. Tokens of the older one ${older}.`);
  },
  async remove(context, actor) {
    await removeIssuer(context, actor, name);
    console.log(`Removed the issuer ${name}. Its tokens are no good any more.`);
  },
};

const work = VERBS[verb];
if (!work) misused(`There is no "${verb}".`);
if (verb !== 'list' && name === '') misused(`Name the issuer to ${verb}.`);
runVerb('issuer', async (context, actor) => {
  await work(context, actor);
});
