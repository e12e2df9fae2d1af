// Tables that sort by a click on a head, and the filter of the paired differences.

for (const table of findAll("table.sortable")) {
  const body = table.tBodies[0];
  const first = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const status = table.classList.contains("figures") ? find("#sorted") : null;

  const key = (row, column) => {
    const cell = row.cells[column];
    if (!cell || cell.colSpan > 1) return null;
    if (cell.dataset.rank === undefined) return cell.textContent.trim().toLowerCase();
    return cell.dataset.rank === "" ? null : Number(cell.dataset.rank);
  };
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a < b ? -1 : a > b ? 1 : 0);

  const sort = (column) => {
    const head = heads[column];
    const forward = head.dataset.order !== "forward";
    for (const other of heads) {
      delete other.dataset.order;
      other.removeAttribute("aria-sort");
      find(".order", other).textContent = "";
    }
    const better = head.dataset.better ?? "";
    head.dataset.order = forward ? "forward" : "backward";
    // By distance from the truth the printed figures neither rise nor fall.
    const rises = (better === "higher") !== forward;
    head.setAttribute("aria-sort", better === "truth" ? "other" : rises ? "ascending" : "descending");
    find(".order", head).textContent = rises ? "▴" : "▾";

    const rows = first.map((row, index) => ({ row, index, key: key(row, column) }));
    rows.sort((a, b) => {
      // What has no figure stays last whichever way the others go.
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.index - b.index;
      return (forward ? 1 : -1) * compare(a.key, b.key) || a.index - b.index;
    });
    body.append(...rows.map((item) => item.row));
    if (status) {
      const way = better ? (forward ? "best first" : "best last") : forward ? "ascending" : "descending";
      status.textContent = `Sorted by ${head.dataset.name ?? "model"}, ${way}.`;
    }
  };

  heads.forEach((head, column) => {
    const button = find("button", head);
    const order = html("span", { class: "order", "aria-hidden": "true" });
    // Before a number's head and after a word's: on the side away from which the column is aligned.
    head.classList.contains("number") ? button.prepend(order) : button.append(order);
    button.addEventListener("click", () => sort(column));
  });
}

if (find("#difference-table")) {
  const rows = [...find("#difference-table").tBodies[0].rows];
  const metric = find("#difference-metric");
  const model = find("#difference-model");
  const show = () => {
    for (const row of rows) {
      const names = [row.cells[1].textContent, row.cells[2].textContent];
      row.hidden =
        (metric.value !== "" && row.dataset.metric !== metric.value) || (model.value !== "" && !names.includes(model.value));
    }
    const shown = rows.filter((row) => !row.hidden);
    const none = shown.filter((row) => "none" in row.dataset).length;
    find("#differences-shown").textContent = `${shown.length} of ${rows.length} pairs shown; ${none} of them no difference.`;
  };
  metric.addEventListener("change", show);
  model.addEventListener("change", show);
  show();
}
