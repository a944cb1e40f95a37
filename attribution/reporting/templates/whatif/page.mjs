// The controls and the answer: reads what is ticked, chosen and slid, sums anew, and writes numbers. It writes text and
// lengths only, never markup.

import { Network } from "./network.mjs";
import { timesOdds } from "./numbers.mjs";
import { PREFIX, format, nothingChanged, parse, regrade, unchanged } from "./settings.mjs";
import { decibans, percent, points } from "./words.mjs";

const LEAST_ESS = 50; // as in Python: then no probability has a Monte Carlo error above 7 points
const QUIET = 800; // milliseconds of rest before a change is read out

export function start(root) {
  const data = JSON.parse(root.querySelector("#what-if-data").textContent);
  const network = new Network(data);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const one = (selector) => root.querySelector(selector);
  const rest = network.answer(nothingChanged(data));
  let settings = nothingChanged(data);
  let waiting = 0, telling = 0;

  function read() {
    settings = nothingChanged(data);
    for (const box of all("[data-item]")) if (!box.checked) settings.off.add(Number(box.dataset.item));
    for (const letter of all("[data-letter]")) {
      const digit = one(`[data-digit="${letter.dataset.letter}"]`);
      regrade(data, settings, Number(letter.dataset.letter), letter.value + digit.value);
    }
    for (const slider of all("[data-prior]")) settings.prior[Number(slider.dataset.prior)] = Number(slider.value);
    const toward = one("[data-toward]").value;
    if (toward) settings.planted = { probability: Number(one("[data-planted]").value) / 100, toward: toward === "*" ? "" : toward };
  }

  function write() {
    for (const box of all("[data-item]")) box.checked = !settings.off.has(Number(box.dataset.item));
    for (const letter of all("[data-letter]")) {
      const o = Number(letter.dataset.letter);
      const grade = settings.grades.get(o) ?? data.origins[o].grade;
      [letter.value, one(`[data-digit="${o}"]`).value] = grade;
    }
    for (const slider of all("[data-prior]")) slider.value = settings.prior[Number(slider.dataset.prior)];
    one("[data-toward]").value = settings.planted ? settings.planted.toward || "*" : "";
    one("[data-planted]").value = 100 * (settings.planted?.probability ?? 0);
  }

  function show() {
    const began = performance.now();
    mark();
    const answer = network.answer(settings);
    for (const row of all("[data-faction]")) {
      const h = Number(row.dataset.faction);
      const now = answer.probabilities[h];
      row.dataset.value = String(now);
      row.querySelector(".now").textContent = answer.ess > 0 ? percent(now) : "none";
      row.querySelector(".error").textContent = answer.ess > 0 ? `± ${points(answer.errors[h]).replace("+", "")}` : "";
      row.querySelector(".moved").textContent = answer.ess > 0 ? points(now - data.published[h]) : "";
      row.querySelector(".fill").style.width = `${100 * (answer.ess > 0 ? now : 0)}%`;
    }
    one(".draws").textContent = drawsTold(answer);
    one(".line").textContent = told(answer);
    warn(answer);
    root.dataset.ess = String(answer.ess);
    root.dataset.milliseconds = String(performance.now() - began);
    clearTimeout(telling);
    telling = setTimeout(() => (one(".told").textContent = unchanged(settings) ? "" : told(answer)), QUIET);
  }

  // What follows from the settings on the controls themselves: parents half ticked, sliders in words.
  function mark() {
    for (const box of all("[data-all]").reverse()) {
      const ticked = [...box.closest("li").querySelectorAll("[data-item]")].map(({ checked }) => checked);
      box.checked = ticked.every(Boolean);
      box.indeterminate = !box.checked && ticked.some(Boolean);
    }
    for (const select of all("[data-letter], [data-digit]")) {
      const o = Number(select.dataset.letter ?? select.dataset.digit);
      select.classList.toggle("changed", settings.grades.has(o));
    }
    const shares = priorShares();
    for (const slider of all("[data-prior]")) {
      const h = Number(slider.dataset.prior);
      const share = `prior ${unshifted() ? "" : "about "}${percent(shares[h])}`;
      say(slider, settings.prior[h] === 0 ? share : `${decibans(settings.prior[h])}: ${share}`);
    }
    const planted = one("[data-planted]");
    planted.disabled = !settings.planted;
    say(planted, settings.planted ? percent(settings.planted.probability, true) : "as the model has it");
    one(".reset").disabled = unchanged(settings);
  }

  function unshifted() {
    return settings.prior.every((shift) => shift === 0);
  }

  // The published prior with the shifts applied to it as it stands; about right, since each draw has a prior of its own.
  function priorShares() {
    const other = data.prior.other;
    const times = settings.prior.map((shift) => 10 ** (shift / 10));
    const [open] = timesOdds([data.before[other]], times[other]);
    const weights = data.before.map((p, h) => (h === other ? 0 : p * times[h]));
    const named = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight, h) => (h === other ? open : (weight / named) * (1 - open)));
  }

  function say(slider, words) {
    slider.setAttribute("aria-valuetext", words);
    slider.closest(".slide").querySelector(".value").textContent = words;
  }

  function told({ probabilities, ess }) {
    if (ess === 0) return "Under these settings the evidence could not have come about.";
    const first = probabilities.indexOf(Math.max(...probabilities));
    return `${data.labels[first]} ${percent(probabilities[first])}, published ${percent(data.published[first])}`;
  }

  function drawsTold({ ess }) {
    const away = rest.probabilities.map((p, h) => Math.abs(p - data.published[h]));
    const most = away.indexOf(Math.max(...away));
    return (
      `Effective sample size ${Math.round(ess)}, of ${data.draws} draws. With nothing changed these draws are at most ` +
      `${points(away[most]).replace("+", "")} points from a published number (${data.labels[most]}).`
    );
  }

  function warn({ ess }) {
    const box = one(".warning");
    box.hidden = ess >= LEAST_ESS;
    if (ess === 0) box.textContent = "No draw can have left the evidence under these settings: there is nothing to show.";
    else if (ess < LEAST_ESS)
      box.textContent =
        `These draws no longer carry the question: their effective sample size is ${ess.toFixed(0)}, fewer than ` +
        `${LEAST_ESS}, and a probability may be off by more than ${Math.round(50 / Math.sqrt(ess))} points. Change ` +
        "the files and fit again.";
  }

  function changed() {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      read();
      show();
      share();
    });
  }

  function share() {
    const carried = unchanged(settings) ? "#what-if" : `#${PREFIX}${format(settings, data)}`;
    if (location.hash !== carried) history.replaceState(null, "", carried);
  }

  // The state that the address carries, if it does; other fragments are places in the page.
  function follow() {
    if (!location.hash.startsWith(`#${PREFIX}`)) return false;
    root.closest("details").open = true;
    const { settings: asked, ignored } = parse(location.hash.slice(1 + PREFIX.length), data);
    settings = asked;
    one(".ignored").hidden = ignored === 0;
    write();
    show();
    return true;
  }

  root.addEventListener("input", (event) => {
    const box = event.target.closest("[data-all]");
    if (box) for (const item of box.closest("li").querySelectorAll("[data-item]")) item.checked = box.checked;
    changed();
  });
  one(".reset").addEventListener("click", () => {
    settings = nothingChanged(data);
    one(".ignored").hidden = true;
    write();
    changed();
  });
  one(".copy").addEventListener("click", async () => {
    share();
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    one(".told").textContent = copied ? "Link copied." : "The link is in the address bar.";
    one(".copied").textContent = one(".told").textContent;
    setTimeout(() => (one(".copied").textContent = ""), 4000);
  });
  addEventListener("hashchange", follow);
  one(".live").hidden = false;
  if (follow()) root.scrollIntoView();
  else show();
}
