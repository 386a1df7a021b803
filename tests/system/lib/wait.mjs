/**
 * Polls `check` until it returns something; throws `what` when the time is over, which only ends a hang. Never a fixed
 * sleep.
 */
export async function waitFor(what, check, { timeoutMs = 180_000, everyMs = 100 } = {}) {
  const deadline = Date.now() + timeoutMs;
  let last;
  for (;;) {
    try {
      const found = await check();
      if (found) return found;
      last = undefined;
    } catch (problem) {
      last = problem;
    }
    if (Date.now() > deadline)
      throw new Error(
      `not within ${timeoutMs / 1000} s: ${typeof what === 'function' ? await what() : what}` +
        `${last ? ` (${last.message})` : ''}`);
    await pause(everyMs);
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
