// What stands on the page before anything is unfolded: its words, and those before the first fold.
export default function words({ page }) {
  return page.evaluate(() => ({
    text: document.querySelector("main").innerText,
    first: document.querySelector(".first").innerText,
    open: document.querySelectorAll("details[open]").length - document.querySelectorAll("details details[open]").length,
  }));
}
