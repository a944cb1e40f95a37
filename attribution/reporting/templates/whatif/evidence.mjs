// What each origin says under the settings, by the law of the Python kernel: believed or not, turned round, copied,
// forged. Two log-probabilities per draw: where what it says is false, and where it is true.

import { added, probability } from "./numbers.mjs";

const NONE = -1, BY_SIZE = -3; // what a faction counts among those imitated; else its share of the prior

// `chance` tells how probable it is, by the tables alone, that what an origin says is true if a faction did it;
// `reference` is the prior at rest.
export class Evidence {
  constructor(data, normals, slots, { chance, reference }) {
    this.data = data;
    this.chance = chance;
    this.reference = reference;
    this.normals = normals;
    this.slots = slots;
    this.silence = new Float64Array(data.draws);
    this.ones = this.silence.map(() => 1);
    this.worths = new Map();
    this.known = data.origins.map(() => ({ key: null }));
  }

  // Per origin: a `key` that changes with what it says, the factor `entries(h)` of a faction, and `mark(h)`, equal for
  // factions with equal factors. Null for an origin that says nothing.
  read(settings) {
    const letters = this.letterColumns(settings);
    return this.data.origins.map((origin, o) => {
      if (origin.kind === "direct") return settings.off.has(this.itemOf(o)) ? null : this.direct(origin);
      const said = distinct(origin.says.filter(({ item }) => !settings.off.has(item)));
      if (said.length === 0) return null;
      const told = this.told(origin, said);
      return origin.kind === "absence" ? this.absence(origin, told) : this.statement(origin, o, told, settings, letters);
    });
  }

  itemOf(o) {
    return this.data.items.findIndex((item) => item.origin === o);
  }

  direct({ leaves, states }) {
    const of = (slot) => (slot > 0 ? this.logSlot(slot - 1) : this.silence);
    return {
      key: "",
      mark: (h) => String(leaves[h]),
      entries: (h) => states.map((state) => (leaves[h] > 0 ? of(leaves[h]) : of(state))),
    };
  }

  logSlot(slot) {
    return this.worth(`log ${slot}`, () => this.slots[slot].map(Math.log));
  }

  // Where all that is said holds: over the states of the facts, over the factions.
  told({ size }, said) {
    const states = Array.from({ length: size }, (_, k) => said.every((one) => one.states[k] === "1"));
    const leaves = this.data.factions.map((_, h) => said.every((one) => one.leaves[h] === "1"));
    return { said, states, leaves };
  }

  absence({ detection }, told) {
    const missed = this.worth(`missed ${detection}`, () => this.slots[detection].map((p) => Math.log(1 - p)));
    return factor("", told, [missed, this.silence]);
  }

  statement(origin, o, told, settings, letters) {
    const grade = this.effectiveGrade(o, settings);
    const [letter, digit] = [letters.get(origin.source).get(grade[0]), this.digitColumn(origin, grade[1])];
    const heard = told.said.map(({ item }) => item);
    const key = JSON.stringify([heard, grade, letter, digit, copying(origin, settings), settings.planted]);
    if (this.known[o].key !== key) {
      const rho = product(this.graded("letters", grade[0], letter), this.graded("digits", grade[1], digit));
      this.known[o] = { key, logs: this.values(origin, told, rho, settings) };
    }
    return factor(key, told, this.known[o].logs);
  }

  // A digit 1 is read as 2 where another origin reports on the same fact.
  effectiveGrade(o, settings) {
    const { grade, confirmed } = this.data.origins[o];
    const stated = settings.grades.get(o) ?? grade;
    return confirmed && stated[1] === "1" ? `${stated[0]}2` : stated;
  }

  // For every source: letter -> column of normals, where the letter is worth an uncertain number.
  letterColumns(settings) {
    const used = new Map(Object.keys(this.data.reliability).map((source) => [source, new Set()]));
    this.data.origins.forEach(({ kind, source }, o) => {
      if (kind === "statement") used.get(source).add(this.effectiveGrade(o, settings)[0]);
    });
    for (const [source, marks] of used) {
      const uncertain = [...marks].filter((mark) => this.data.letters[mark].length > 1);
      used.set(source, assign(this.data.reliability[source], uncertain));
    }
    return used;
  }

  digitColumn({ id }, digit) {
    const uncertain = this.data.digits[digit].length > 1 ? [digit] : [];
    return assign(this.data.credibility[id], uncertain).get(digit);
  }

  graded(table, mark, column) {
    return this.number(`${table} ${mark}`, column, this.data[table][mark]);
  }

  // A number as a vector: a constant alone, or the curve of an uncertain one over a column of normals.
  number(name, column, curve) {
    if (curve.length === 1) return this.worth(`constant ${curve[0]}`, () => this.silence.map(() => curve[0]));
    return this.worth(`${name} ${column}`, () => probability(this.normals[column], curve));
  }

  worth(name, compute) {
    if (!this.worths.has(name)) this.worths.set(name, compute());
    return this.worths.get(name);
  }

  // How probable it is that the origin was forged, and how probable that all it says is true of those whom the forger
  // imitates: as the model has it, or as planted. Null where it was not.
  forging(origin, told, planted) {
    if (planted ? !origin.forgeable : origin.forged < 0) return null;
    const weights = planted
      ? this.toward(planted.toward)
      : this.among(origin.imitated);
    const truth = new Float64Array(this.silence.length);
    told.leaves.forEach((held, h) => {
      if (!held || weights[h] === null) return;
      const chance = this.chance(origin, told, h);
      for (let draw = 0; draw < truth.length; draw++) truth[draw] += weights[h][draw] * chance[draw];
    });
    return { d: planted ? this.silence.map(() => planted.probability) : this.slots[origin.forged], truth };
  }

  // What each faction counts among those imitated: by size within a node, else by its share of the prior at rest.
  toward(node) {
    if (!node) return this.reference;
    return this.among([...this.data.nodes[node]].map((inside) => (inside === "1" ? BY_SIZE : NONE)));
  }

  among(weights) {
    const sizes = weights.map((weight, h) => (weight === BY_SIZE ? this.size(h) : null));
    const all = added([this.silence, ...sizes.filter(Boolean)]);
    return weights.map((weight, h) => {
      if (weight === NONE) return null;
      return weight === BY_SIZE ? sizes[h].map((size, draw) => size / all[draw]) : this.reference[h];
    });
  }

  // How many organisations a faction stands for, per draw.
  size(h) {
    return this.data.size[h] < 0 ? this.ones : this.slots[this.data.size[h]];
  }

  values(origin, told, rho, settings) {
    const anyway = told.said.map(({ anyway, negated, item, meaning }) => {
      const [column, curve] = anyway.length === 1 ? [-1, anyway] : [anyway[0], anyway.slice(1)];
      const q = this.number(`anyway ${item} ${meaning}`, column, curve);
      return negated ? q.map((p) => 1 - p) : q;
    });
    const slot = (position) => (position < 0 ? this.silence : this.slots[position]);
    const [turned, copied] = [slot(origin.deceptive), slot(copying(origin, settings) ? origin.copying : -1)];
    const forging = this.forging(origin, told, settings.planted);
    const logs = [0, 1].map(() => new Float64Array(this.silence.length));
    for (let draw = 0; draw < rho.length; draw++) {
      const unmoved = (1 - rho[draw]) * anyway.reduce((total, q) => total * q[draw], 1);
      const said = (truth) => (1 - turned[draw]) * (rho[draw] * truth + unmoved) + turned[draw] * (1 - truth);
      const d = forging ? forging.d[draw] : 0;
      const imitated = forging ? said(forging.truth[draw]) : 0;
      for (const truth of [0, 1]) {
        const own = copied[draw] * origin.holds + (1 - copied[draw]) * said(truth);
        logs[truth][draw] = Math.log((1 - d) * own + d * imitated);
      }
    }
    return logs;
  }
}

function factor(key, { said, states, leaves }, logs) {
  return {
    key: key || said.map(({ item }) => item).join(),
    mark: (h) => String(Number(leaves[h])),
    entries: (h) => states.map((holds) => logs[leaves[h] && holds ? 1 : 0]),
  };
}

// A copy speaks for itself where what it copies is off.
function copying({ copying, copies }, { off }) {
  return copying >= 0 && !off.has(copies);
}

// Each thing once, however it is worded: the first that stands.
function distinct(said) {
  return said.filter(({ meaning }, position) => said.findIndex((one) => one.meaning === meaning) === position);
}

function product(left, right) {
  return left.map((value, draw) => value * right[draw]);
}

// A mark that holds a column at rest keeps it; new ones take, in order, the columns that went out of use, then spare ones.
export function assign(pool, used) {
  const columns = new Map(pool.filter(([mark]) => used.includes(mark)));
  const free = pool.filter(([mark]) => !columns.has(mark));
  const fresh = used.filter((mark) => !columns.has(mark)).sort();
  fresh.forEach((mark, position) => columns.set(mark, free[position][1]));
  return columns;
}
