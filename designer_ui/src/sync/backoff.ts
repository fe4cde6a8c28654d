/** How long to wait before the next try to connect; the wait can be cut short. */

const FIRST_MS = 120;
const GROWTH = 1.7;
const LONGEST_MS = 4_000;

export class Backoff {
  private failures = -1;
  private wake: (() => void) | null = null;

  constructor(private readonly random: () => number = Math.random) {}

  /** Resolves at once the first time, then after longer and longer waits. */
  wait(): Promise<void> {
    this.failures++;
    if (this.failures === 0) return Promise.resolve();
    const full = Math.min(LONGEST_MS, FIRST_MS * GROWTH ** (this.failures - 1));
    // Spread, so that a server that comes back is not met by everybody in the same instant.
    const delay = full * (0.6 + 0.4 * this.random());
    return new Promise((done) => {
      const timer = setTimeout(() => this.hurry(), delay);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = null;
        done();
      };
    });
  }

  /** Ends the present wait now: the network is back. */
  hurry(): void {
    this.wake?.();
  }

  /** The line is up: the next loss is answered by a quick first try again. */
  succeeded(): void {
    this.failures = 0;
  }
}
