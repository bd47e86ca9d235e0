// Measures every visible text of the page: {text, ratio} each, by the formula of WCAG 2.2 ("contrast ratio").
() => {
  const channels = (text) => text.match(/[\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [red, green, blue];
      if (alpha !== 0) throw new Error("half-transparent grounds are not measured");
    }
    throw new Error("the page has no ground of its own");
  };
  const measured = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    const pair = [channels(getComputedStyle(element).color), ground(element)].map(luminance);
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    measured.push({ text: walker.currentNode.data.trim().slice(0, 40), ratio: Math.round(ratio * 100) / 100 });
  }
  return measured;
}
