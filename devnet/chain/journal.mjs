/**
 * What each account was before the block that changed it. From it come the older views of the state (confirmed,
 * finalized, lagging endpoints) and the undoing of blocks.
 */
export class Journal {
  #window;
  #blocks = new Map(); // height → Map(address → account before that block)
  #changes = new Map(); // address → [{ height, before }], rising

  constructor(windowBlocks) {
    this.#window = windowBlocks;
  }

  /** Records the first change of an account in a block; later ones in the same block do not matter. */
  note(height, address, before) {
    let block = this.#blocks.get(height);
    if (!block) this.#blocks.set(height, (block = new Map()));
    if (block.has(address)) return;
    block.set(address, before);
    const list = this.#changes.get(address);
    if (list) list.push({ height, before });
    else this.#changes.set(address, [{ height, before }]);
  }

  /** The account at `height`, where `current` is what it is now. */
  at(height, address, current) {
    const list = this.#changes.get(address);
    if (!list) return current;
    for (const change of list) if (change.height > height) return change.before;
    return current;
  }

  changedAfter(height) {
    const found = new Set();
    for (const [h, block] of this.#blocks) if (h > height) for (const address of block.keys()) found.add(address);
    return found;
  }

  changedBetween(address, after, until) {
    return (this.#changes.get(address) ?? []).some((c) => c.height > after && c.height <= until);
  }

  changedIn(height) {
    return [...(this.#blocks.get(height)?.keys() ?? [])];
  }

  /** Forgets a block and hands back its pre-images, to be written by the caller. Only for the newest block. */
  undo(height) {
    const block = this.#blocks.get(height) ?? new Map();
    this.#blocks.delete(height);
    for (const address of block.keys()) this.#dropChange(address, height);
    return block;
  }

  prune(tipHeight) {
    const last = tipHeight - this.#window;
    const block = this.#blocks.get(last);
    if (!block) return;
    this.#blocks.delete(last);
    for (const address of block.keys()) this.#dropChange(address, last);
  }

  /** Changes an account in every view at once: for what is no transaction, like the router's stock. */
  rewrite(address, change) {
    for (const entry of this.#changes.get(address) ?? []) {
      entry.before = change(entry.before);
      this.#blocks.get(entry.height).set(address, entry.before);
    }
  }

  #dropChange(address, height) {
    const rest = (this.#changes.get(address) ?? []).filter((c) => c.height !== height);
    if (rest.length === 0) this.#changes.delete(address);
    else this.#changes.set(address, rest);
  }
}
