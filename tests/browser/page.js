// What a person would see and a machine has to be asked for: boxes that cover each other, words that are cut off,
// colours that cannot be told from their ground.
const problems = [];
const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const area = (element) => element.getBoundingClientRect();
const boxes = [...document.querySelectorAll(".node .box")];
for (const box of boxes) {
  for (const other of boxes) {
    if (box !== other && meet(area(box), area(other))) problems.push(`${box.parentNode.id} is on ${other.parentNode.id}`);
  }
  for (const text of box.parentNode.querySelectorAll("text")) {
    const room = area(box);
    if (!inside(area(text), new DOMRect(room.x + 8, room.y, room.width - 14, room.height))) problems.push(`"${text.textContent}" is outside its box`);
  }
}
const words = [...document.querySelectorAll(".edge text")];
for (const word of words) {
  for (const other of words) {
    if (word !== other && meet(area(word), area(other))) problems.push(`"${word.textContent}" is on "${other.textContent}"`);
  }
  for (const box of boxes) {
    if (meet(area(word), area(box))) problems.push(`"${word.textContent}" is on ${box.parentNode.id}`);
  }
}

const colour = (text) => {
  const parts = text.match(/[\d.]+/g).map(Number);
  return { rgb: parts.slice(0, 3), clear: parts.length > 3 && parts[3] === 0 };
};
const light = ({ rgb }) => {
  const [r, g, b] = rgb.map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
const paper = colour(getComputedStyle(document.body).backgroundColor);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const box = at.classList.contains("node") && getComputedStyle(at.querySelector(".box")).fill;
    if (box && box !== "none") return colour(box);
    const own = colour(getComputedStyle(at).backgroundColor);
    if (!own.clear) return own;
  }
  return paper;
};
let seen = 0;
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
  if (!own || !element.checkVisibility() || ["SCRIPT", "STYLE", "title", "desc"].includes(element.tagName)) continue;
  const style = getComputedStyle(element);
  const ratio = contrast(colour(element.ownerSVGElement ? style.fill : style.color), ground(element));
  seen += 1;
  if (ratio < 4.5) problems.push(`"${element.textContent.slice(0, 40)}" has a contrast of ${ratio.toFixed(2)}`);
}
if (seen < 20) problems.push(`only ${seen} texts were seen`);
return problems.slice(0, 20);
