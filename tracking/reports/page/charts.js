"use strict";
// Draws the report's charts in the page's colours, near ones first; the rest of the page needs none of this.
(() => {
  const root = document.documentElement;
  const plots = JSON.parse(document.getElementById("page-plots").textContent);
  const places = [...document.querySelectorAll(".plot")];
  const drawn = new Set();
  const HEIGHT_PX = 360, NARROW_PX = 520, PRINT_PX = 640, N_COLOURS = 6;
  const DASHES = ["solid", "dash", "dot"];
  let printing = false;

  // Colours stand in the style sheet alone; a probe says what they are in the theme of now.
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = name => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };

  function theme(series) {
    const axis = {
      automargin: true, gridcolor: colour("grid"), linecolor: colour("line"),
      zerolinecolor: colour("grid"), zeroline: false,
      ticks: "outside", ticklen: 6, tickcolor: "rgba(0,0,0,0)",
      title: {standoff: 12, font: {size: 13, color: colour("quiet")}}, tickfont: {color: colour("quiet")},
    };
    return {layout: {
      font: {family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("text")},
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      colorway: series.map(colour),
      margin: {l: 8, r: 12, t: 12, b: 8}, xaxis: axis, yaxis: axis, hovermode: "closest",
      hoverlabel: {bgcolor: colour("raised"), bordercolor: colour("line"),
        font: {color: colour("text")}},
      legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: {color: colour("text")}},
    }};
  }

  // 'best', 'other' and 'baseline' are names of colours; all else is left as it is.
  const roles = () => Object.fromEntries(
    ["best", "other", "baseline"].map(name => [name, colour(name)]));
  // Series 1 and 2 look like 'other' and 'best': they stand aside where those are meant.
  function series(data) {
    const taken = JSON.stringify(data);
    const free = [["other", "series-1"], ["best", "series-2"]].filter(
      ([role]) => !taken.includes(`"color":"${role}"`)).map(([, name]) => name);
    return [...free, ...Array.from({length: N_COLOURS - 2}, (_, i) => `series-${i + 3}`)];
  }
  function paint(part, names) {
    for (const [key, value] of Object.entries(part)) {
      if (key === "color" || key === "fillcolor") {
        part[key] = Array.isArray(value) ? value.map(v => names[v] ?? v) : names[value] ?? value;
      } else if (value && typeof value === "object" && !Array.isArray(value)) {
        paint(value, names);
      }
    }
    return part;
  }

  function dressed(place) {
    const {data, layout} = structuredClone(plots[place.dataset.chart]);
    const names = roles(), colours = series(data);
    data.forEach((trace, i) => {
      if (!(trace.mode ?? "").includes("lines") || trace.line?.color) return;
      trace.line = {dash: DASHES[Math.floor(i / colours.length) % DASHES.length], ...trace.line};
    });
    for (const trace of data) paint(trace, names);
    for (const part of [...(layout.shapes ?? []), ...(layout.annotations ?? [])]) paint(part, names);
    const width = printing ? PRINT_PX : place.clientWidth;
    const plain = {height: HEIGHT_PX, ...layout, template: theme(colours), dragmode: false, width};
    for (const name of ["font", "paper_bgcolor", "plot_bgcolor"]) delete plain[name];
    if (width < NARROW_PX) plain.font = {size: 11};
    return [data, plain];
  }

  function draw(place) {
    if (drawn.has(place)) return;
    drawn.add(place);
    place.replaceChildren();
    const id = place.dataset.chart;
    place.setAttribute("role", "img");
    place.setAttribute("aria-labelledby", `title-${id} alt-${id}`);
    try {
      Plotly.newPlot(place, ...dressed(place), {displayModeBar: false, doubleClick: false});
    } catch (error) {
      tell(place, error);
    }
    root.dataset.drawn = drawn.size;
    if (drawn.size === 1) performance.mark("first-chart");
    if (drawn.size === places.length) performance.mark("all-charts");
  }
  const redraw = () => {
    for (const place of drawn) if (place.data) Plotly.react(place, ...dressed(place));
  };
  const tell = (place, error) => {
    place.removeAttribute("role");
    place.textContent = `This chart can't be drawn: ${error}`;
  };

  async function unpack() {
    const packed = document.getElementById("page-library");
    const bytes = Uint8Array.from(atob(packed.textContent), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const library = document.createElement("script");
    library.textContent = await new Response(stream).text();
    document.head.append(library);
    packed.remove();
  }

  // A busy or hidden frame may never be idle: it draws all the same.
  const idle = call => window.requestIdleCallback?.(call, {timeout: 500}) ?? setTimeout(call, 50);
  function drawRest() {
    const next = places.find(place => !drawn.has(place));
    if (next) idle(() => { draw(next); drawRest(); });
  }
  async function start() {
    if (!places.length) return;
    for (const place of places) {  // so that nothing below moves when it is drawn
      place.style.minHeight = `${plots[place.dataset.chart].layout?.height ?? HEIGHT_PX}px`;
    }
    try {
      await unpack();
    } catch (error) {
      for (const place of places) tell(place, error);
      return;
    }
    const near = new IntersectionObserver(seen => {
      for (const {isIntersecting, target} of seen) if (isIntersecting) draw(target);
    }, {rootMargin: "600px 0px"});
    for (const place of places) near.observe(place);
    window.addEventListener("load", drawRest);  // paper and a search for words need them all
    if (document.readyState === "complete") drawRest();
  }

  // The theme is the system's until the reader asks for the other one.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("page-theme");
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
    redraw();
  });
  dark.addEventListener("change", () => { name(); redraw(); });

  // Paper is light and has one width; what was folded away is printed too.
  let folded = [], before;
  window.addEventListener("beforeprint", () => {
    printing = true;
    before = root.dataset.theme;
    root.dataset.theme = "light";
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const part of folded) part.open = true;
    redraw();
    if (window.Plotly) places.forEach(draw);
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    if (before === undefined) delete root.dataset.theme; else root.dataset.theme = before;
    for (const part of folded) part.open = false;
    redraw();
  });

  // A box that doesn't scroll is no stop for the Tab key.
  const boxes = [...document.querySelectorAll(".scroll")];
  const measure = () => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
    }
  };
  let waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { measure(); if (!printing) redraw(); }, 120);
  });
  measure();
  start();
})();
