/** Functions that run inside the page. Plain JavaScript: the tests' own types know no DOM. Each stands alone, since it is sent as text. */

/** Reports what breaks the page's policy as an error of the console. */
export function reportViolations() {
  addEventListener('securitypolicyviolation', (event) => {
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
  });
}

/** How an edge is drawn. */
export function strokeOf(edge) {
  const { stroke, strokeDasharray } = getComputedStyle(edge);
  return { stroke, strokeDasharray };
}

export function pageWidth() {
  return document.documentElement.scrollWidth;
}

/** What has the focus: its id, or that of what it is in. */
export function focused() {
  const at = document.activeElement;
  return at?.id || at?.closest('[id]')?.id || at?.tagName || '';
}

/** The share of a canvas that is painted. */
export function paintedShare(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  let count = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
  return count / (width * height);
}

/** Texts whose contrast is below 4.5 (WCAG 2.2, 1.4.3), by its formula of relative luminance. */
export function weakTexts() {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => {
      const s = c / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const weak = [];
  for (const element of document.querySelectorAll('header *, main *:not(svg *)')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(background(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) weak.push(`${element.className} "${element.textContent}" ${contrast.toFixed(2)}`);
  }
  return weak;
}
