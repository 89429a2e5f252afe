// What oracles ask of a page, for demonstrations only. Bounds are [left, top, right, bottom] in pixels.
if (!window.hands) window.hands = {
  bounds(r) { return [r.left, r.top, r.right, r.bottom]; },
  box(e) { return hands.bounds(e.getBoundingClientRect()); },
  own(e) { return e.textContent.replace(/\s+/g, ' ').trim(); },
  all(selector) { return [...document.querySelectorAll(selector)]; },
  named(selector, text) { return hands.all(selector).find(e => hands.own(e) === text); },
  seen(e) { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; },
  point(e) { return [+e.getAttribute('cx'), +e.getAttribute('cy')]; },
  size(e) { return e.tagName === 'text' ? parseFloat(e.getAttribute('font-size')) : e.getBBox().height; },

  // The lines of an element's text.
  lines(e) {
    const range = document.createRange();
    range.selectNodeContents(e);
    return [...range.getClientRects()].filter(r => r.width > 1).map(hands.bounds);
  },
  text(e) { return hands.lines(e)[0] || hands.box(e); },

  // The first line of an element's text; where another element covers it, a spot of the element that none does.
  free(e) {
    const t = hands.text(e), r = e.getBoundingClientRect();
    const own = (x, y) => e.contains(document.elementFromPoint(x, y));
    if ([[0, 1], [0, 3], [2, 1], [2, 3]].every(([i, j]) => own(t[i], t[j]))) return t;
    let best = null;
    for (let x = r.left + 3; x < r.right - 3; x += 2) for (let y = r.top + 3; y < r.bottom - 3; y += 2) {
      const far = Math.abs(x - (t[0] + t[2]) / 2) + Math.abs(y - (t[1] + t[3]) / 2);
      if (own(x, y) && own(x - 2, y - 2) && own(x + 2, y + 2) && (!best || far < best[0])) best = [far, x, y];
    }
    return best ? [best[1] - 1, best[2] - 1, best[1] + 1, best[2] + 1] : t;
  },

  // The words that can be seen below the bar: text and bounds of each.
  words() {
    const found = [], range = document.createRange();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) for (const word of node.data.matchAll(/\S+/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const r = range.getBoundingClientRect();
      const top = document.elementFromPoint((r.left + r.right) / 2, (r.top + r.bottom) / 2);
      const inside = r.width > 0 && r.left >= 0 && r.top >= 50 && r.right <= 160 && r.bottom <= 210;
      if (inside && top && top.contains(node.parentElement)) found.push([word[0], ...hands.bounds(r).map(Math.round)]);
    }
    return found;
  },
};
