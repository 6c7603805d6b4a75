import { stderr, stdout } from 'node:process';

const TICK_MS = 120;
const PLAIN_TICK_MS = 2000;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/**
 * Tells a person what is going on: one lasting line for each step with its time, and while steps run, either one
 * ticking line (terminal) or a line every two seconds (log file). Steps may run side by side.
 */
export function createConsole() {
  const running = new Map();
  const live = Boolean(stdout.isTTY) && process.env.TERM !== 'dumb';
  let timer;
  let frame = 0;
  let shown = false;

  const clear = () => {
    if (shown) stdout.write('\r\x1b[2K');
    shown = false;
  };
  const draw = () => {
    const work = [...running.values()].map(({ label, since }) => `${label} ${seconds(since)}`).join(' · ');
    frame = (frame + 1) % FRAMES.length;
    stdout.write(`\r\x1b[2K${`${FRAMES[frame]} ${work}`.slice(0, (stdout.columns || 100) - 1)}`);
    shown = true;
  };
  const tick = () => {
    if (live) return draw();
    for (const { label, since } of running.values()) stdout.write(`  … ${label} (${seconds(since)})\n`);
  };
  const print = (line, stream = stdout) => {
    clear();
    stream.write(`${line}\n`);
  };
  const settle = (key, mark, text) => {
    const { since } = running.get(key);
    running.delete(key);
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    print(`${mark} ${text} (${seconds(since)})`);
  };

  return {
    /** A line of its own. */
    note: (line = '') => print(line),
    /** A line on standard error. */
    complain: (line) => print(line, stderr),
    /**
     * Runs one step. `work` gets `say(text)`, which replaces what the line reads from now on.
     * A failed step leaves a line with a cross, and its error goes on to the caller.
     */
    async step(label, work) {
      const key = Symbol(label);
      const entry = { label, since: Date.now() };
      running.set(key, entry);
      timer ??= setInterval(tick, live ? TICK_MS : PLAIN_TICK_MS);
      try {
        const result = await work((text) => {
          entry.label = text;
        });
        settle(key, '✓', entry.label);
        return result;
      } catch (error) {
        settle(key, '✗', label);
        throw error;
      }
    },
  };
}
