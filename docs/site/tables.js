// A table that is wider than the page is scrolled by keyboard, too. `document$` is the theme's.
document$.subscribe(() => requestAnimationFrame(() => {
  for (const frame of document.querySelectorAll(".md-typeset__scrollwrap")) {
    if (frame.scrollWidth > frame.clientWidth) {
      frame.tabIndex = 0
      frame.setAttribute("role", "group")
      frame.setAttribute("aria-label", "Table")
    }
  }
}))
