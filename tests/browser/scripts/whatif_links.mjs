// Follow many links in the open page; the page's own numbers for each, in full precision, and how long each took.
export default function links({ page, args }) {
  return page.evaluate(async (asked) => {
    const root = document.getElementById("what-if");
    const found = [];
    for (const link of asked) {
      const heard = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
      location.hash = `#what-if:${link}`;
      await heard;
      const rows = [...root.querySelectorAll("[data-faction]")];
      rows.sort((a, b) => a.dataset.faction - b.dataset.faction);
      found.push({
        probabilities: rows.map((row) => (row.dataset.value === "NaN" ? null : Number(row.dataset.value))),
        ess: Number(root.dataset.ess),
        milliseconds: Number(root.dataset.milliseconds),
        ignored: !root.querySelector(".ignored").hidden,
      });
    }
    return found;
  }, args);
}
