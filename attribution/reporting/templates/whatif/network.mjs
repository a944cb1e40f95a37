// The exact sum over the unknown facts, for every draw: in logarithms, along the elimination plan that Python made.

import { Evidence } from "./evidence.mjs";
import { added, columns, logSum, logSums, slotValues, timesOdds } from "./numbers.mjs";
import { nothingChanged } from "./settings.mjs";

const SAME = -2; // what a row leaves, where the others have it by the prior

export class Network {
  constructor(data) {
    this.data = data;
    this.ones = new Float64Array(data.draws).fill(1);
    const normals = columns(data.normals, data.draws);
    this.slots = slotValues(data.slots, normals, data.draws);
    this.tables = new Map();
    this.pool = new Array(data.pool);
    this.messages = new Map();
    this.steps = data.parts.map(({ steps }) => steps.map(grouped));
    this.sums = data.parts.map(() => ({ key: null }));
    this.weighing = { key: null };
    this.reference = this.prior(data.factions.map(() => 0)).logs;
    this.rows = data.rows.map((row) => this.row(row));
    this.alone = new Map();
    this.evidence = new Evidence(data, normals, this.slots, {
      chance: (origin, told, h) => this.chance(origin, told, h),
      reference: this.reference.map((log) => log.map(Math.exp)),
    });
    this.atRest = logSums(this.logJoint(nothingChanged(data)));
  }

  // Probabilities with their Monte Carlo errors, and the effective number of draws behind them.
  answer(settings) {
    const joint = this.logJoint(settings);
    const evidence = logSums(joint);
    const logs = evidence.map((value, draw) => Math.log(this.data.weights[draw]) + value - this.atRest[draw]);
    const total = logSum(logs);
    if (total === -Infinity) return { probabilities: joint.map(() => NaN), errors: joint.map(() => NaN), ess: 0 };
    const weights = logs.map((value) => Math.exp(value - total));
    const possible = (h, draw) => (weights[draw] > 0 ? Math.exp(joint[h][draw] - evidence[draw]) : 0);
    const over = (value) => weights.reduce((sum, weight, draw) => sum + value(weight, draw), 0);
    const probabilities = joint.map((_, h) => over((weight, draw) => weight * possible(h, draw)));
    const errors = joint.map((_, h) =>
      Math.sqrt(over((weight, draw) => (weight * (possible(h, draw) - probabilities[h])) ** 2)),
    );
    return { probabilities, errors, ess: 1 / over((weight) => weight * weight) };
  }

  // log pi(h) p(E | h), per faction a vector, with the open set mixed in.
  logJoint(settings) {
    const factors = this.evidence.read(settings);
    const sums = this.data.parts.map((_, part) => this.part(part, factors));
    const { logs, share } = this.prior(settings.prior);
    const likelihood = logs.map((_, h) => added([this.evidence.silence, ...sums.map((of) => of[h])]));
    const joint = logs.map((log, h) => added([log, likelihood[h]]));
    const total = logSums(this.reference.map((log, h) => added([log, likelihood[h]])));
    const { other, surprise } = this.data.prior;
    joint[other] = joint[other].map((own, draw) => {
      const s = this.slots[surprise][draw];
      if (s === 0) return own;
      return logSum([Math.log1p(-s) + own, Math.log(s) + Math.log(share[draw]) + total[draw]]);
    });
    return joint;
  }

  // The rows of a table as distributions, with their logarithms.
  row({ slots, rest }) {
    return rest === SAME ? this.played(slots) : this.stated({ slots, rest });
  }

  // A role that the perpetrator plays as well, or else one of the others by the prior at rest.
  played(slots) {
    const own = slots.findIndex((slot) => slot >= 0);
    const same = this.slots[slots[own]];
    const entries = this.reference.map((log, h) =>
      log.map((of, draw) => (h === own ? same[draw] : ((1 - same[draw]) * Math.exp(of)) / -Math.expm1(this.reference[own][draw]))),
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

  // log p(E_part | h) of every faction; factions with the same numbers share a vector. Worked out when it changed.
  part(part, factors) {
    const { configs, origins } = this.data.parts[part];
    const standing = origins.filter((o) => factors[o]);
    const key = JSON.stringify(standing.map((o) => [o, factors[o].key]));
    if (this.sums[part].key === key) return this.sums[part].logs;
    const classes = new Map();
    const logs = this.data.factions.map((_, h) => {
      if (standing.length === 0) return this.evidence.silence;
      const rows = configs.map((c) => [this.data.configs[c].rows[h], this.staged(c, h)]);
      const name = JSON.stringify([rows, standing.map((o) => factors[o].mark(h))]);
      if (!classes.has(name)) classes.set(name, this.sum(part, factors, h));
      return classes.get(name);
    });
    this.sums[part] = { key, logs };
    return logs;
  }

  // The staged fact of a configuration, where it matters for this faction, or -1.
  staged(c, h) {
    const staged = this.data.configs[c].staged;
    return staged < 0 || this.data.staged[staged].inside[h] === "1" ? -1 : staged;
  }

  sum(part, factors, h) {
    const { configs, origins, roots } = this.data.parts[part];
    for (const o of origins) {
      const { at, size } = this.data.origins[o];
      const entries = factors[o]?.entries(h);
      for (let k = 0; k < size; k++) this.pool[at + k] = entries ? entries[k] : this.evidence.silence;
    }
    return this.summed(configs, this.steps[part], roots, h);
  }

  // The log-sum over the facts of some configurations, of a faction's tables times the factors that lie in the pool.
  summed(configs, steps, roots, h) {
    this.tell(configs, h);
    for (const groups of steps) for (const group of groups) this.message(group);
    return added([new Float64Array(this.data.draws), ...roots.map((root) => this.pool[root])]);
  }

  // How probable it is, by the tables alone, that all an origin says of the facts is true if a faction did it.
  chance({ id, at, alone }, { states }, h) {
    const { configs, steps, roots } = alone;
    const rows = configs.map((c) => [this.data.configs[c].rows[h], this.staged(c, h)]);
    const name = JSON.stringify([id, states, rows]);
    if (!this.alone.has(name)) {
      const [never, always] = [-Infinity, 0].map((log) => new Float64Array(this.data.draws).fill(log));
      states.forEach((holds, k) => (this.pool[at + k] = holds ? always : never));
      this.alone.set(name, this.summed(configs, steps.map(grouped), roots, h).map(Math.exp));
    }
    return this.alone.get(name);
  }

  // The log-table of a configuration; a staged one mixed with the mean of those the scene points to.
  table(c, h) {
    const { rows } = this.data.configs[c];
    const staged = this.staged(c, h);
    if (staged < 0) return this.rows[rows[h]].logs;
    const name = `${c} ${rows[h]}`;
    if (!this.tables.has(name)) {
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
      this.tables.set(name, mixed);
    }
    return this.tables.get(name);
  }

  // The tables of a faction into the pool, and the stories that they are told in.
  tell(configs, h) {
    const put = (at, entries) => entries.forEach((entry, k) => (this.pool[at + k] = entry));
    for (const c of configs) {
      const own = this.table(c, h);
      const { at, story, speaks, told } = this.data.configs[c];
      if (story < 0) {
        put(at, own);
        continue;
      }
      const { at: home, facts, strength } = this.data.stories[story];
      for (let state = 0; state <= facts; state++) {
        const chance = state === 0 ? 1 - strength : strength / facts;
        this.pool[home + state] = new Float64Array(this.data.draws).fill(Math.log(chance));
        const alone = state === 0 || state === speaks;
        put(told + state * own.length, alone ? own : this.following(c));
      }
    }
  }

  // The log-table of a fact that follows another of its story: the mean over all factions by the prior at rest.
  following(c) {
    const name = `following ${c}`;
    if (!this.tables.has(name)) {
      const logs = this.data.factions.map((_, h) => this.table(c, h));
      const mean = logs[0].map((_, k) => logSums(logs.map((of, h) => added([of[k], this.reference[h]]))));
      this.tables.set(name, mean);
    }
    return this.tables.get(name);
  }

  // How many organisations each faction stands for, per draw.
  sizes() {
    return this.data.size.map((slot) => (slot < 0 ? this.ones : this.slots[slot]));
  }

  // One entry of a message: the log of a sum of products.
  message({ at, terms }) {
    if (!this.messages.has(at)) this.messages.set(at, new Float64Array(this.data.draws));
    const out = this.messages.get(at);
    const vectors = terms.map((term) => term.map((entry) => this.pool[entry]));
    const logs = new Float64Array(terms.length);
    for (let draw = 0; draw < out.length; draw++) {
      for (let t = 0; t < vectors.length; t++) {
        let log = 0;
        for (const vector of vectors[t]) log += vector[draw];
        logs[t] = log;
      }
      out[draw] = logs.length === 1 ? logs[0] : logSum(logs);
    }
    this.pool[at] = out;
  }

  // log pi(h) with decibans added to the odds of each faction; and the share of `other`.
  prior(decibans) {
    const key = decibans.join();
    if (this.weighing.key === key) return this.weighing;
    const { other, share: slot, weights } = this.data.prior;
    const times = decibans.map((shift) => 10 ** (shift / 10));
    const share = timesOdds(this.slots[slot], times[other]);
    const product = (slots, draw) => slots.reduce((value, slot) => value * this.slots[slot][draw], 1);
    const logs = weights.map(() => new Float64Array(this.data.draws));
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
        logs[h][draw] = h === other ? Math.log(share[draw]) : Math.log(value / named) + Math.log1p(-share[draw]);
      });
    }
    this.weighing = { key, logs, share };
    return this.weighing;
  }
}

// The terms of every entry of a step's message: which entries of the pool meet in each.
function grouped({ reads, writes }) {
  const terms = new Map();
  writes.forEach((at, e) => {
    if (!terms.has(at)) terms.set(at, []);
    terms.get(at).push(reads.map((entries) => entries[e]));
  });
  return [...terms].map(([at, of]) => ({ at, terms: of }));
}
