// What stands in the tables and in the prior, for every draw: rows, scenes that were staged, facts that follow others.

import { added, logSums, timesOdds } from "./numbers.mjs";

const SAME = -2; // what a row leaves, where the others have it by the prior

export class Tables {
  constructor(data, slots) {
    this.data = data;
    this.slots = slots;
    this.ones = new Float64Array(data.draws).fill(1);
    this.known = new Map();
    this.weighing = { key: null };
    ({ logs: this.reference, among: this.among } = this.prior(data.factions.map(() => 0)));
    this.rows = data.rows.map((row) => this.row(row));
  }

  // The rows of a table as distributions, with their logarithms.
  row({ slots, rest }) {
    return rest === SAME ? this.played(slots) : this.stated({ slots, rest });
  }

  // A role that the perpetrator plays as well, or else one of the others by the prior at rest. What they have in all is
  // added up: where he has nearly everything, 1 less his share would be rounding, or nothing.
  played(slots) {
    const own = slots.findIndex((slot) => slot >= 0);
    const same = this.slots[slots[own]];
    const reference = own === this.data.prior.other ? this.among : this.reference;
    const others = logSums(reference.filter((_, h) => h !== own));
    const entries = reference.map((log, h) =>
      log.map((of, draw) => (h === own ? same[draw] : (1 - same[draw]) * Math.exp(of - others[draw]))),
    );
    return { entries, logs: entries.map((entry) => entry.map(Math.log)) };
  }

  stated({ slots, rest }) {
    const values = slots.map((slot) => (slot < 0 ? null : this.slots[slot]));
    const entries = values.map(() => new Float64Array(this.data.draws));
    for (let draw = 0; draw < this.data.draws; draw++) {
      const named = values.reduce((sum, value) => (value ? sum + value[draw] : sum), 0);
      const [left, total] = rest < 0 ? [1 - named, 1] : [rest, rest + named];
      values.forEach((value, k) => (entries[k][draw] = (value ? value[draw] : left) / total));
    }
    return { entries, logs: entries.map((entry) => entry.map(Math.log)) };
  }

  // The staged fact of a configuration, where it matters for this faction, or -1.
  staged(c, h) {
    const staged = this.data.configs[c].staged;
    return staged < 0 || this.data.staged[staged].inside[h] === "1" ? -1 : staged;
  }

  // The log-table of a configuration; a staged one mixed with the mean of those the scene points to.
  table(c, h) {
    const { rows } = this.data.configs[c];
    const staged = this.staged(c, h);
    if (staged < 0) return this.rows[rows[h]].logs;
    const name = `${c} ${rows[h]}`;
    if (!this.known.has(name)) {
      const { slot, inside } = this.data.staged[staged];
      const weights = this.sizes().map((size, g) => (inside[g] === "1" ? size : 0));
      const mixed = this.rows[rows[h]].entries.map((entry, k) =>
        entry.map((own, draw) => {
          const [sum, whole] = weights.reduce(
            ([sum, whole], size, g) =>
              size === 0 ? [sum, whole] : [sum + size[draw] * this.rows[rows[g]].entries[k][draw], whole + size[draw]],
            [0, 0],
          );
          const mean = sum / whole;
          const d = this.slots[slot][draw];
          return Math.log((1 - d) * own + d * mean);
        }),
      );
      this.known.set(name, mixed);
    }
    return this.known.get(name);
  }

  // The log-table of a fact that follows another of its story: the mean over all factions by the prior at rest.
  following(c) {
    const name = `following ${c}`;
    if (!this.known.has(name)) {
      const logs = this.data.factions.map((_, h) => this.table(c, h));
      const mean = logs[0].map((_, k) => logSums(logs.map((of, h) => added([of[k], this.reference[h]]))));
      this.known.set(name, mean);
    }
    return this.known.get(name);
  }

  // How many organisations each faction stands for, per draw.
  sizes() {
    return this.data.size.map((slot) => (slot < 0 ? this.ones : this.slots[slot]));
  }

  // log pi(h) with decibans added to the odds of each faction; the same among the named alone; the share of `other`.
  prior(decibans) {
    const key = decibans.join();
    if (this.weighing.key === key) return this.weighing;
    const { other, share: slot, weights } = this.data.prior;
    const times = decibans.map((shift) => 10 ** (shift / 10));
    const share = timesOdds(this.slots[slot], times[other]);
    const product = (slots, draw) => slots.reduce((value, slot) => value * this.slots[slot][draw], 1);
    const [logs, among] = [0, 1].map(() => weights.map(() => new Float64Array(this.data.draws)));
    const sizes = this.sizes();
    for (let draw = 0; draw < this.data.draws; draw++) {
      const families = weights.map(({ family }) => weights.reduce((sum, one, g) => (one.family === family ? sum + sizes[g][draw] : sum), 0));
      const inside = weights.map(({ family, within }, h) => (family < 0 ? sizes[h][draw] : sizes[h][draw] / families[h]) * product(within, draw));
      const blocks = weights.map(({ block }) => weights.reduce((sum, one, g) => (one.block === block ? sum + inside[g] : sum), 0));
      const weighed = weights.map(({ block, slots }, h) => {
        const own = block >= 0 && inside[h] > 0 ? inside[h] / blocks[h] : inside[h];
        return own * product(slots, draw) * times[h];
      });
      const named = weighed.reduce((sum, value, h) => (h === other ? sum : sum + value), 0);
      weighed.forEach((value, h) => {
        among[h][draw] = h === other ? -Infinity : Math.log(value / named);
        logs[h][draw] = h === other ? Math.log(share[draw]) : among[h][draw] + Math.log1p(-share[draw]);
      });
    }
    this.weighing = { key, logs, among, share };
    return this.weighing;
  }
}
