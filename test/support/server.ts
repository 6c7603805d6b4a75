import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Redis from 'ioredis';
import request from 'supertest';
import type { OperatorRole } from '../../domain/permissions';
import { createApp } from '../../server/app';
import { systemActor } from '../../server/audit/actor';
import { createOperator } from '../../server/operators/create-operator';
import { connectRedis } from '../../server/redis';
import { makeContext, type TestContext } from './context';

export const PASSWORD = 'correct horse battery staple';

export type Agent = ReturnType<typeof request.agent>;

export interface SignedIn {
  id: string;
  email: string;
  agent: Agent;
}

export interface TestServer extends TestContext {
  url: string;
  redis: Redis;
  /** Somebody who is not signed in, from an address of origin of their own. */
  anonymous: () => Agent;
  /** A new operator of `role`, signed in. */
  signIn: (role: OperatorRole) => Promise<SignedIn>;
}

const randomIp = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;

/** The whole HTTP side in this process, listening on `PORT` or a free one, over a database of its own. */
export async function startServer(
  env: NodeJS.ProcessEnv = {},
  logTo?: Parameters<typeof makeContext>[1],
): Promise<TestServer> {
  const made = await makeContext(env, logTo);
  const { context } = made;
  const redis = connectRedis(context.config.redisUrl, context.log);
  await once(redis, 'ready');
  const server: Server = createApp(context, redis).listen(Number(env.PORT ?? 0), '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const anonymous = () => request.agent(url).set('X-Forwarded-For', randomIp());
  return {
    ...made,
    url,
    redis,
    anonymous,
    async signIn(role) {
      const email = `${role}-${randomBytes(4).toString('hex')}@example.com`;
      const id = await createOperator(context.db, systemActor, {
        email,
        name: `${role} one`,
        role,
        password: PASSWORD,
      });
      const agent = anonymous();
      await agent.post('/api/session').send({ email, password: PASSWORD }).expect(200);
      return { id, email, agent };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      redis.disconnect();
      await made.close();
    },
  };
}
