// How the page lies at each width: sideways overflow, elements cut outside scrolling regions, the smallest text.
export default async function reading({ page, args }) {
  const found = {};
  for (const width of args) {
    await page.setViewportSize({ width, height: 900 });
    found[width] = await page.evaluate(() => {
      const wide = innerWidth, cut = [];
      let smallest = Infinity;
      const scrolls = (one) => {
        for (let up = one.parentElement; up && up !== document.body; up = up.parentElement)
          if (["auto", "scroll"].includes(getComputedStyle(up).overflowX)) return true;
        return false;
      };
      for (const one of document.querySelectorAll("main *")) {
        const box = one.getBoundingClientRect();
        if (!box.width || !box.height || one.closest(".wide, svg, [hidden]")) continue;
        if (box.right > wide + 1 || box.left < -1) {
          const style = getComputedStyle(one);
          if (style.position !== "absolute" && !scrolls(one)) cut.push(`${one.tagName}.${one.className} ${box.left} ${box.right}`);
        }
        if ([...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
          smallest = Math.min(smallest, parseFloat(getComputedStyle(one).fontSize));
      }
      return { overflow: document.documentElement.scrollWidth - wide, cut: cut.slice(0, 5), smallest };
    });
  }
  return found;
}
