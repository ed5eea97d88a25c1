// The arrow keys move from token to token; the Tab key goes from text to text. Without scripts Tab goes to each token.
(() => {
  "use strict";
  document.documentElement.classList.add("with-script");
  const texts = Array.from(document.querySelectorAll(".text"), (text) => Array.from(text.querySelectorAll(".t")));
  const enter = (tokens, at) => {
    tokens.forEach((token, place) => { token.tabIndex = place === at ? 0 : -1; });
  };
  texts.forEach((tokens) => enter(tokens, 0));
  // The token of another line that lies nearest, above or below.
  const across = (tokens, at, down) => {
    const from = tokens[at].getBoundingClientRect();
    const far = (token) => {
      const box = token.getBoundingClientRect();
      const lines = down ? box.top - from.top : from.top - box.top;
      return lines < 4 ? Infinity : lines * 10000 + Math.abs(box.left - from.left);
    };
    let best = at;
    let least = Infinity;
    tokens.forEach((token, place) => {
      const distance = far(token);
      if (distance < least) { [best, least] = [place, distance]; }
    });
    return best;
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) { return; }
    const tokens = texts.find((some) => some.includes(document.activeElement));
    if (!tokens) { return; }
    const at = tokens.indexOf(document.activeElement);
    let to;
    switch (event.key) {
      case "ArrowLeft": to = at - 1; break;
      case "ArrowRight": to = at + 1; break;
      case "ArrowUp": to = across(tokens, at, false); break;
      case "ArrowDown": to = across(tokens, at, true); break;
      case "Home": to = 0; break;
      case "End": to = tokens.length - 1; break;
      case "Escape": document.activeElement.blur(); return;
      default: return;
    }
    event.preventDefault();
    if (to >= 0 && to < tokens.length) {
      enter(tokens, to);
      tokens[to].focus();
    }
  });
})();
