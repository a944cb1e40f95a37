// How light paper and ink are, 0 to 255.
export default async function colours({ page }) {
  return page.evaluate(() => {
    const light = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) / 3;
    const style = getComputedStyle(document.body);
    return { paper: light(style.backgroundColor), ink: light(style.color) };
  });
}
