import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from '../../dev/launch/lock';
import { freePort, refusalOf, requirePort, waitForPort } from '../../dev/launch/ports';
import { endProcess, identify, isAlive } from '../../dev/launch/process-identity';

const sleeper = async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = identify(child.pid);
  if (!identity) throw new Error('the sleeper did not start');
  return { child, identity };
};

describe('the lock of a data folder', () => {
  let path: string;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'tenantry-lock-')), 'launcher.lock');
  });
  afterEach(() => rmSync(join(path, '..'), { recursive: true, force: true }));

  test('is held by one, named to the second, and free after release', async () => {
    const lock = await takeLock(path, 'Tenantry at http://localhost:1');
    await expect(takeLock(path, 'another')).rejects.toThrow(
      `Tenantry at http://localhost:1 is already running in this folder (pid ${process.pid})`,
    );
    lock.release();
    expect(existsSync(path)).toBe(false);
    (await takeLock(path, 'another')).release();
  });

  test('is taken over from a process that was killed', async () => {
    const { child, identity } = await sleeper();
    writeFileSync(path, JSON.stringify({ ...identity, what: 'a killed one' }));
    await expect(takeLock(path, 'next')).rejects.toThrow(`a killed one is already running`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await takeLock(path, 'next');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, what: 'next' });
  });

  test('is taken over when its pid belongs to another process by now', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: 'long ago', what: 'a former process' }));
    await takeLock(path, 'next');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ what: 'next' });
  });

  test('is waited for while its holder is stopping', async () => {
    const { child, identity } = await sleeper();
    writeFileSync(path, JSON.stringify({ ...identity, what: 'one that stops', stopping: true }));
    const taken = takeLock(path, 'next');
    setTimeout(() => child.kill('SIGKILL'), 200);
    await taken;
    expect(isAlive(identity)).toBe(false);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ what: 'next' });
  });
});

describe('a process', () => {
  test('is ended, by force if it will not go', async () => {
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM",()=>{});console.log(1);setInterval(()=>{},9)']);
    await once(child.stdout, 'data');
    const identity = identify(child.pid);
    if (!identity) throw new Error('it did not start');
    await endProcess(identity, 200);
    expect(isAlive(identity)).toBe(false);
    expect(child.signalCode ?? (await once(child, 'exit'))[1]).toBe('SIGKILL');
  });
});

describe('ports', () => {
  test('a preferred port is kept while it is free, and left when it is taken', async () => {
    const port = await freePort();
    expect(await freePort(port)).toBe(port);
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    expect(await refusalOf(port, '127.0.0.1')).toBe('EADDRINUSE');
    expect(await waitForPort(port, 1000)).toBe(true);
    expect(await freePort(port)).not.toBe(port);
    await expect(requirePort(port, '127.0.0.1')).rejects.toThrow(`Port ${port} is taken by another program`);
    squatter.close();
    await once(squatter, 'close');
    await expect(requirePort(port, '127.0.0.1')).resolves.toBeUndefined();
    expect(await waitForPort(port, 100)).toBe(false);
  });
});
