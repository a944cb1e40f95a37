// How wide the page is, against the window; after opening everything that can be opened.
export default function width({ page }) {
  return page.evaluate(() => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    return { page: document.documentElement.scrollWidth, window: innerWidth };
  });
}
