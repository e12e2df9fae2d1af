// How photos come in: chosen, photographed, dropped (folders too), pasted.

const PICTURE = /\.(jpe?g|png|tiff?|webp|avif|bmp|gif|hei[cf]|dng|nef|cr[23]|arw|orf|rw2|raf|mp4|m4v|mov|mkv|webm|avi|mpe?g|m2?ts)$/i;
const find = (id) => document.getElementById(id);

async function within(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, fail) => entry.file(done, fail));
    // A folder also holds files that are no photos: notes, lists of thumbnails.
    return PICTURE.test(file.name) ? [file] : [];
  }
  const reader = entry.createReader();
  const found = [];
  // A reader gives at most a hundred entries at once, and none at the end.
  for (let part; (part = await new Promise((done, fail) => reader.readEntries(done, fail))).length; ) found.push(...part);
  found.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  return (await Promise.all(found.map(within))).flat();
}

async function dropped(transfer) {
  // Entries must be taken before the first wait: the list is empty afterwards.
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry());
  const files = [...transfer.files];
  const all = entries.map((entry, index) => (entry?.isDirectory ? within(entry) : [files[index]]));
  return (await Promise.all(all)).flat();
}

/**
 * Calls `take(files)` with every list of files; the list is empty if nothing that came was a file. Files that are dropped
 * where references go are handed to `refer(files)`; `canRefer()` says whether there is such a place.
 */
export function listen(take, refer, canRefer) {
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const aim = (by) => {
    depth = by ? Math.max(0, depth + by) : 0;
    document.body.classList.toggle("aimed", depth > 0);
    if (by) find("target-refer").hidden = !canRefer();
  };
  const refers = ({ clientX, clientY }) => {
    const { left, right, top, bottom } = find("target-refer").getBoundingClientRect();
    return clientX > left && clientX < right && clientY > top && clientY < bottom;
  };
  addEventListener("dragenter", (event) => carriesFiles(event) && aim(1));
  addEventListener("dragleave", (event) => carriesFiles(event) && aim(-1));
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    find("target-refer").classList.toggle("over", refers(event));
    find("target-add").classList.toggle("over", !refers(event));
  });
  addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const give = refers(event) ? refer : take;
    aim(0);
    give(await dropped(event.dataTransfer));
  });
  addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length || !event.target.closest?.("input")) take(files);
  });
  for (const [button, input] of [["choose", "files"], ["more", "files"], ["camera", "snapshot"]]) {
    find(button).onclick = () => find(input).click();
    find(input).onchange = () => {
      take([...find(input).files]);
      find(input).value = "";
    };
  }
}
