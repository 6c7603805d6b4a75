import { verifyAudit } from '../audit/verify';
import { runCommand } from './run';

runCommand(async (db) => {
  const { chains, entries, broken } = await verifyAudit(db);
  for (const { chain, seq, fault } of broken) console.error(`Broken: chain ${chain}, entry ${seq}: ${fault}`);
  console.log(
    `${chains} chains with ${entries} entries: ${broken.length === 0 ? 'all whole' : `${broken.length} broken`}.`,
  );
  if (broken.length > 0) process.exitCode = 1;
});
