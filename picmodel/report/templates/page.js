"use strict";
// Draws the figures that the file carries. A figure is data; nothing is computed here but what the theme colours.
(() => {
  const root = document.documentElement;
  let book = null; // {lang, words, charts}
  const drawn = new Set();

  async function unpack(id) {
    const text = atob(document.getElementById(id).textContent), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i); // a callback for each takes ten times as long
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream);
  }

  // A script with an address of its own is parsed beside the thread of the page; one in the page's text is not.
  function run(code) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = URL.createObjectURL(new Blob([code], { type: "text/javascript;charset=utf-8" }));
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    });
  }

  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const box = (name) => document.querySelector(`[data-chart="${name}"]`);

  function chosen(name) {
    const chart = book.charts[name];
    return chart.switches.map((s) => {
      const select = box(name).querySelector(`select[data-switch="${s.name}"]`);
      return select ? select.value : s.default;
    });
  }

  // -- drawing

  const isMap = (figure) => figure.layout.yaxis.scaleanchor !== undefined;

  function themed(figure, narrow) {
    const text = css("--text"), grid = css("--line"), paper = css("--paper");
    const layout = structuredClone(figure.layout);
    layout.font.color = text;
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.hoverlabel = { bgcolor: paper, bordercolor: grid, font: { color: text } };
    for (const axis of ["xaxis", "yaxis"])
      Object.assign(layout[axis], { gridcolor: grid, zerolinecolor: css("--faint"), linecolor: grid });
    if (narrow) {
      layout.font.size = 11;
      layout.margin = { ...layout.margin, l: Math.min(layout.margin.l, 48) };
    }
    const data = figure.data.map((trace) => {
      const copy = { ...trace };
      if (trace.type === "sankey") copy.textfont = { color: text, size: narrow ? 9 : 12, shadow: `0 0 3px ${paper}` };
      if (narrow && isMap(figure)) {
        if (trace.textfont) copy.textfont = { ...trace.textfont, size: 8 };
        if (trace.type === "heatmap") copy.showscale = false;
      }
      return copy;
    });
    return { data, layout };
  }

  // on a narrow screen maps are as high as wide, and a legend of one column needs its own room
  function heightOf(chart, figure, width) {
    if (width >= 520) return chart.height;
    if (isMap(figure)) return Math.round(1.15 * width) + 16;
    const listed = figure.data.filter((trace) => trace.type === "bar").length;
    return chart.height + (listed > 3 ? 15 * listed : 0);
  }

  async function draw(name) {
    const chart = book.charts[name], figureBox = box(name), plot = figureBox.querySelector(".plot");
    const figure = chart.states[chosen(name).join("|")];
    plot.querySelectorAll(".nothing").forEach((e) => e.remove());
    if (!figure) {
      if (drawn.has(name)) Plotly.purge(plot);
      plot.innerHTML = "";
      const note = document.createElement("div");
      note.className = "nothing";
      note.textContent = book.words.empty;
      plot.append(note);
    } else {
      plot.style.height = `${heightOf(chart, figure, plot.clientWidth)}px`;
      const { data, layout } = themed(figure, plot.clientWidth < 520);
      const window_ = figureBox.querySelector("select[data-window]");
      if (window_ && window_.value) layout.xaxis.range = window_.value.split(",").map(Number);
      await Plotly.react(plot, data, layout, { responsive: true, displayModeBar: false, displaylogo: false });
    }
    drawn.add(name);
    plot.dataset.drawn = chosen(name).join("|");
    if (figureBox.querySelector(".numbers").open) showNumbers(name);
  }

  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));
  const drawAll = () => Promise.all(Object.keys(book.charts).map(draw));
  const redraw = () => Promise.all([...drawn].map(draw));

  // -- numbers behind a chart: a head of columns, and rows

  function ofTrace(trace, layout) {
    if (trace.meta && trace.meta.table !== undefined)
      return trace.meta.table ? [trace.meta.table] : [];
    const x = (layout.xaxis.title || {}).text || "", y = (layout.yaxis.title || {}).text || book.words.value;
    if (trace.type === "heatmap") {
      const unit = trace.colorbar.title.text, rows = [];
      trace.y.forEach((label, i) => trace.x.forEach((at, j) => rows.push([label, at, trace.z[i][j]])));
      return [{ columns: [book.words.day, x || book.words.hour, unit], rows }];
    }
    const flat = trace.orientation === "h";
    const at = flat ? trace.y : trace.x, value = flat ? trace.x : trace.y, title = flat ? x : y;
    const nested = Array.isArray(at[0]);
    const rows = value.map((v, i) => [trace.name, ...(nested ? at.map((level) => level[i]) : [at[i]]), v]);
    return [{ columns: ["", ...(nested ? at.map(() => "") : [flat ? y : x]), title], rows }]
  }

  function numbers(figure) {
    const tables = figure.data.flatMap((trace) => ofTrace(trace, figure.layout));
    const groups = new Map();
    for (const table of tables) {
      const key = JSON.stringify(table.columns);
      if (!groups.has(key)) groups.set(key, { columns: table.columns, rows: [] });
      groups.get(key).rows.push(...table.rows.filter((row) => row.at(-1) !== null));
    }
    return [...groups.values()];
  }

  function showNumbers(name) {
    const figure = book.charts[name].states[chosen(name).join("|")];
    const place = box(name).querySelector(".numbers .scroll");
    place.replaceChildren();
    if (!figure) return;
    for (const { columns, rows } of numbers(figure)) {
      const table = document.createElement("table");
      const head = table.createTHead().insertRow();
      columns.forEach((c) => { const th = document.createElement("th"); th.textContent = c; head.append(th); });
      const body = table.createTBody();
      rows.forEach((row) => {
        const line = body.insertRow();
        row.forEach((v) => {
          const cell = line.insertCell();
          cell.textContent = typeof v === "number" ? v.toLocaleString("en", { maximumSignificantDigits: 6 }) : v;
          if (typeof v === "number") cell.className = "n";
        });
      });
      place.append(table);
    }
  }

  const quoted = (v) => {
    const text = v === null || v === undefined ? "" : String(v).replace(/<br>/g, " ");
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csv = (rows) => "\ufeff" + rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";

  // every choice of the chart, with its keys in the first columns
  function wholeCsv(name) {
    const chart = book.charts[name], heads = chart.switches.map((s) => s.name);
    const groups = new Map();
    for (const [state, figure] of Object.entries(chart.states))
      for (const { columns, rows } of numbers(figure)) {
        // the unit may hang on the choice: then it is a column of its own
        const key = columns.length;
        if (!groups.has(key)) groups.set(key, [[...heads, ...columns.slice(0, -1).map((c, i) => c || `series ${i + 1}`), "value", "unit"]]);
        const keys = chart.switches.length ? state.split("|") : [];
        rows.forEach((row) => groups.get(key).push([...keys, ...row, columns.at(-1)]));
      }
    return csv([...groups.values()].flat());
  }

  function save(name, text, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async function saveImage(name, format) {
    const plot = box(name).querySelector(".plot"), chart = book.charts[name];
    const figure = chart.states[chosen(name).join("|")];
    if (!figure) return;
    const layout = structuredClone(figure.layout);
    const choice = chart.switches.map((s, i) => s.options.find(([key]) => key === chosen(name)[i])[1]).join("; ");
    const letters = chart.switches.some((s) => s.name === "scenario") ? "" : book.key;
    const below = [choice ? `${chart.subtitle} · ${choice}` : chart.subtitle, letters].filter(Boolean);
    layout.title = { text: `${chart.title}<br><sub>${below.join("<br>")}</sub>`, x: 0.02, y: 0.95, yanchor: "top" };
    layout.margin = { ...layout.margin, t: layout.margin.t + 78 };
    layout.paper_bgcolor = layout.plot_bgcolor = "#fff";
    await Plotly.downloadImage({ data: figure.data, layout },
      { format, width: 1000, height: plot.clientHeight + 80, scale: 2, filename: name });
  }

  // -- what the reader does

  function listen() {
    document.querySelectorAll("[data-chart]").forEach((figure) => {
      const name = figure.dataset.chart;
      figure.querySelectorAll("select").forEach((s) => s.addEventListener("change", () => draw(name)));
      figure.querySelectorAll("[data-save]").forEach((b) => b.addEventListener("click", () =>
        b.dataset.save === "csv" ? save(`${name}.csv`, wholeCsv(name), "text/csv") : saveImage(name, b.dataset.save)));
      figure.querySelector(".numbers").addEventListener("toggle", () => showNumbers(name));
    });
    document.querySelectorAll("select.shared").forEach((shared) => shared.addEventListener("change", () => {
      if (!shared.value) return;
      document.querySelectorAll(`.chart select[data-switch="${shared.dataset.switch}"]`).forEach((select) => {
        if (![...select.options].some((o) => o.value === shared.value)) return;
        select.value = shared.value;
        const name = select.closest("[data-chart]").dataset.chart;
        if (drawn.has(name)) draw(name);
      });
    }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    addEventListener("beforeprint", () => {
      root.dataset.before = root.dataset.theme;
      root.dataset.theme = "light";
      drawAll();
    });
    addEventListener("afterprint", () => {
      root.dataset.theme = root.dataset.before || "system";
      redraw();
    });
  }

  function themes() {
    const select = document.getElementById("theme");
    select.addEventListener("change", () => {
      root.dataset.theme = select.value;
      if (book) redraw();
    });
    document.querySelectorAll("button[data-table]").forEach((button) => button.addEventListener("click", () => {
      const table = document.getElementById(button.dataset.table);
      const rows = [...table.rows].map((r) => [...r.cells].map((c) => c.innerText.trim().replace(/\s*\n\s*/g, "; ")));
      save(`${table.dataset.name}.csv`, csv(rows), "text/csv");
    }));
  }

  function complain() {
    const trouble = document.getElementById("trouble");
    trouble.hidden = false;
    trouble.textContent = trouble.dataset.text;
  }

  async function start() {
    themes();
    if (!("DecompressionStream" in window)) return complain();
    const library = unpack("packed-plotly").then((packed) => packed.blob()).then(run);
    const data = unpack("packed-data").then((packed) => packed.json());
    try {
      [, book] = await Promise.all([library, data]);
    } catch (error) {
      complain();
      throw error;
    }
    listen();
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries)
        if (entry.isIntersecting) {
          seen.unobserve(entry.target);
          const { top, bottom } = entry.boundingClientRect, name = entry.target.dataset.chart;
          if (top < innerHeight && bottom > 0) draw(name); // what is in view comes first, what is near it when there is time
          else idle(() => drawn.has(name) || draw(name));
        }
    }, { rootMargin: "300px" });
    document.querySelectorAll("[data-chart]").forEach((figure) => seen.observe(figure));
    window.picmodel = { drawAll, drawn, book, wholeCsv };
    performance.mark("ready");
    root.dataset.ready = "yes";
  }
  start();
})();
