// The state of the controls, and the link that carries it: off=ITEM,... & grade=ORIGIN:C3,... & prior=FACTION:5,... &
// planted=0.3 or 0.3:NODE. A link is never trusted: what is not understood is counted and left out, piece by piece.

export const PREFIX = "what-if:";
const MOST = 20; // decibans that a prior can be shifted by

const LONGEST = 20000;
const GRADE = /^[A-F][1-6]$/;
const NUMBER = /^-?\d{1,3}(\.\d{1,15})?$/;

export function nothingChanged(data) {
  return { off: new Set(), grades: new Map(), prior: data.factions.map(() => 0), planted: null };
}

export function unchanged({ off, grades, prior, planted }) {
  return off.size === 0 && grades.size === 0 && prior.every((shift) => shift === 0) && !planted;
}

export function parse(text, data) {
  const settings = nothingChanged(data);
  const take = readers(data, settings);
  let ignored = 0;
  for (const piece of text.slice(0, LONGEST).split("&").filter(Boolean)) {
    const [key, value] = cut(piece, "=");
    if (!take.has(key)) ignored += 1;
    else for (const one of value.split(",")) if (!take.get(key)(...cut(one, ":"))) ignored += 1;
  }
  return { settings, ignored };
}

// For each key what to do with an entry and what stands behind its colon; says whether it was understood.
function readers(data, settings) {
  const [items, origins, factions] = [data.items.map(({ id }) => id), data.origins.map(({ id }) => id), data.factions];
  return new Map([
    ["off", (id, rest) => rest === "" && items.includes(id) && Boolean(settings.off.add(items.indexOf(id)))],
    ["grade", (id, grade) => {
      const o = origins.indexOf(id);
      return o >= 0 && data.origins[o].kind === "statement" && GRADE.test(grade) && Boolean(regrade(data, settings, o, grade));
    }],
    ["prior", (id, shift) => {
      const known = factions.includes(id) && NUMBER.test(shift) && Math.abs(Number(shift)) <= MOST;
      if (known) settings.prior[factions.indexOf(id)] = Number(shift);
      return known;
    }],
    ["planted", (share, toward) => {
      const known = NUMBER.test(share) && Number(share) >= 0 && Number(share) <= 1 && (toward === "" || Object.hasOwn(data.nodes, toward));
      if (known) settings.planted = { probability: Number(share), toward };
      return known;
    }],
  ]);
}

// Set the grade of an origin; its own grade is no change.
export function regrade(data, settings, o, grade) {
  if (data.origins[o].grade === grade) settings.grades.delete(o);
  else settings.grades.set(o, grade);
  return settings;
}

export function format({ off, grades, prior, planted }, data) {
  const pieces = [
    ["off", [...off].sort((a, b) => a - b).map((item) => data.items[item].id)],
    ["grade", [...grades].sort(([a], [b]) => a - b).map(([o, grade]) => `${data.origins[o].id}:${grade}`)],
    ["prior", prior.map((shift, h) => (shift === 0 ? "" : `${data.factions[h]}:${shift}`)).filter(Boolean)],
    ["planted", planted ? [planted.toward ? `${planted.probability}:${planted.toward}` : `${planted.probability}`] : []],
  ];
  return pieces.filter(([, values]) => values.length > 0).map(([key, values]) => `${key}=${values.join()}`).join("&");
}

// What stands before the first mark, and what behind it.
function cut(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
