/** Runs in the page and so uses nothing from outside itself; `contrast.ts` says what it finds. */
export function weakTexts() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const parse = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => {
    const mix = (index) => top[index] * top[3] + below[index] * (1 - top[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  const ground = (element) => {
    if (element === null) return parse(getComputedStyle(document.body).backgroundColor);
    const own = parse(getComputedStyle(element).backgroundColor);
    return own[3] >= 1 ? own : over(own, ground(element.parentElement));
  };
  const luminance = ([r, g, b]) => {
    const linear = (value) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const weak = [];
  let checked = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (text === '' || !shown || element.closest('.visually-hidden, .skip-links')) continue;
    const style = getComputedStyle(element);
    const behind = ground(element);
    const front = over(parse(style.color), behind);
    const [light, dark] = [luminance(front), luminance(behind)].toSorted((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    checked += 1;
    if (ratio < needed) weak.push({ text, ratio: Math.round(ratio * 100) / 100, needed });
  }
  return { checked, weak };
}
