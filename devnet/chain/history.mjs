/** Every transaction that ever landed, undone ones included, and which accounts each touched. */
export class History {
  #all = [];
  #byAddress = new Map();

  constructor(chain) {
    chain.on('block', (block) => {
      for (const record of block.records) this.#add(record);
    });
  }

  all() {
    return this.#all;
  }

  /** Oldest first. */
  of(address) {
    return this.#byAddress.get(address) ?? [];
  }

  #add(record) {
    this.#all.push(record);
    const touched = new Set(record.keys);
    // An owner is touched by what happens to its token accounts, though it need not appear in the transaction.
    for (const token of [...record.preTokens, ...record.postTokens]) touched.add(token.owner);
    for (const address of touched) {
      const list = this.#byAddress.get(address);
      if (list) list.push(record);
      else this.#byAddress.set(address, [record]);
    }
  }
}
