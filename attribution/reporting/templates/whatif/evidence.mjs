// What each origin says under the settings, by the law of the Python kernel: believed or not, turned round, copied,
// forged. Four log-probabilities per draw: where what it says is false, true; the same where forging reaches.

import { probability } from "./numbers.mjs";

export class Evidence {
  constructor(data, normals, slots) {
    this.data = data;
    this.normals = normals;
    this.slots = slots;
    this.silence = new Float64Array(data.draws);
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

  // Where all that is said holds: over the states of the facts, over the factions; and the share of worlds where it does.
  told({ size }, said) {
    const states = Array.from({ length: size }, (_, k) => said.every((one) => one.states[k] === "1"));
    const leaves = this.data.sizes.map((_, h) => said.every((one) => one.leaves[h] === "1"));
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    const inside = sum(this.data.sizes.filter((_, h) => leaves[h])) / sum(this.data.sizes);
    return { said, states, leaves, share: (states.filter(Boolean).length / size) * inside };
  }

  absence({ detection }, told) {
    const missed = this.worth(`missed ${detection}`, () => this.slots[detection].map((p) => Math.log(1 - p)));
    return factor("", told, [missed, this.silence, missed, this.silence], () => false);
  }

  statement(origin, o, told, settings, letters) {
    const grade = this.effectiveGrade(o, settings);
    const [letter, digit] = [letters.get(origin.source).get(grade[0]), this.digitColumn(origin, grade[1])];
    const forging = this.forging(origin, settings.planted);
    const key = JSON.stringify([told.said.map(({ item }) => item), grade, letter, digit, settings.planted]);
    if (this.known[o].key !== key) {
      const rho = product(this.graded("letters", grade[0], letter), this.graded("digits", grade[1], digit));
      this.known[o] = { key, logs: this.values(origin, told, rho, forging) };
    }
    return factor(key, told, this.known[o].logs, forging.reaches);
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

  // How the origin may have been forged: as the model has it, or as planted.
  forging(origin, planted) {
    if (!planted) {
      const d = origin.forged < 0 ? null : this.slots[origin.forged];
      return { d, noise: origin.noise === 1, reaches: (h) => origin.reached[h] === "1" };
    }
    if (!origin.forgeable) return { d: null, noise: false, reaches: () => false };
    const spared = planted.toward ? this.data.nodes[planted.toward] : "";
    return { d: this.silence.map(() => planted.probability), noise: !planted.toward, reaches: (h) => spared[h] !== "1" };
  }

  values(origin, told, rho, { d, noise }) {
    const anyway = told.said.map(({ anyway, negated, item, meaning }) => {
      const [column, curve] = anyway.length === 1 ? [-1, anyway] : [anyway[0], anyway.slice(1)];
      const q = this.number(`anyway ${item} ${meaning}`, column, curve);
      return negated ? q.map((p) => 1 - p) : q;
    });
    const slot = (position) => (position < 0 ? this.silence : this.slots[position]);
    const [turned, copied] = [slot(origin.deceptive), slot(origin.copying)];
    const logs = [0, 1, 2, 3].map(() => new Float64Array(this.silence.length));
    for (let draw = 0; draw < rho.length; draw++) {
      const unmoved = anyway.reduce((total, q) => total * q[draw], 1);
      let no = (1 - rho[draw]) * unmoved;
      let yes = rho[draw] + no;
      [no, yes] = [(1 - turned[draw]) * no + turned[draw], (1 - turned[draw]) * yes];
      const held = copied[draw] * origin.holds;
      [no, yes] = [held + (1 - copied[draw]) * no, held + (1 - copied[draw]) * yes];
      logs[0][draw] = Math.log(no);
      logs[1][draw] = Math.log(yes);
      const mean = noise ? told.share * yes + (1 - told.share) * no : 1;
      const planted = d ? d[draw] : 0;
      logs[2][draw] = Math.log((1 - planted) * no + planted * mean);
      logs[3][draw] = Math.log((1 - planted) * yes + planted * mean);
    }
    return logs;
  }
}

function factor(key, { said, states, leaves }, logs, reaches) {
  const mark = (h) => (reaches(h) ? 2 : 0) + (leaves[h] ? 1 : 0);
  return {
    key: key || said.map(({ item }) => item).join(),
    mark: (h) => String(mark(h)),
    entries: (h) => states.map((holds) => logs[(mark(h) & 2) + (leaves[h] && holds ? 1 : 0)]),
  };
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
