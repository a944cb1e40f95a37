// The exact sum over the unknown facts, for every draw: in logarithms, along the elimination plan that Python made.

import { Evidence } from "./evidence.mjs";
import { added, columns, logSum, logSums, slotValues } from "./numbers.mjs";
import { nothingChanged } from "./settings.mjs";
import { Tables } from "./tables.mjs";

export class Network {
  constructor(data) {
    this.data = data;
    const normals = columns(data.normals, data.draws);
    this.slots = slotValues(data.slots, normals, data.draws);
    this.tables = new Tables(data, this.slots);
    this.pool = new Array(data.pool);
    this.messages = new Map();
    this.steps = data.parts.map(({ steps }) => steps.map(grouped));
    this.sums = data.parts.map(() => ({ key: null }));
    this.reference = this.tables.reference;
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
    const { logs, share } = this.tables.prior(settings.prior);
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

  // log p(E_part | h) of every faction; factions with the same numbers share a vector. Worked out when it changed.
  part(part, factors) {
    const { configs, origins } = this.data.parts[part];
    const standing = origins.filter((o) => factors[o]);
    const key = JSON.stringify(standing.map((o) => [o, factors[o].key]));
    if (this.sums[part].key === key) return this.sums[part].logs;
    const classes = new Map();
    const logs = this.data.factions.map((_, h) => {
      if (standing.length === 0) return this.evidence.silence;
      const rows = configs.map((c) => [this.data.configs[c].rows[h], this.tables.staged(c, h)]);
      const name = JSON.stringify([rows, standing.map((o) => factors[o].mark(h))]);
      if (!classes.has(name)) classes.set(name, this.sum(part, factors, h));
      return classes.get(name);
    });
    this.sums[part] = { key, logs };
    return logs;
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
    const rows = configs.map((c) => [this.data.configs[c].rows[h], this.tables.staged(c, h)]);
    const name = JSON.stringify([id, states, rows]);
    if (!this.alone.has(name)) {
      const [never, always] = [-Infinity, 0].map((log) => new Float64Array(this.data.draws).fill(log));
      states.forEach((holds, k) => (this.pool[at + k] = holds ? always : never));
      this.alone.set(name, this.summed(configs, steps.map(grouped), roots, h).map(Math.exp));
    }
    return this.alone.get(name);
  }

  // The tables of a faction into the pool, and the stories that they are told in.
  tell(configs, h) {
    const put = (at, entries) => entries.forEach((entry, k) => (this.pool[at + k] = entry));
    for (const c of configs) {
      const own = this.tables.table(c, h);
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
        put(told + state * own.length, alone ? own : this.tables.following(c));
      }
    }
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
