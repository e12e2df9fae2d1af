// "Try it" of each operation: sends what its form holds, and shows the answer.

const LONGEST_TEXT = 20_000;

function value(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The address and the body that the fields of a form make. An empty field is left out. */
function request(form) {
  let path = form.dataset.path.slice(1);
  const query = new URLSearchParams();
  const parts = new FormData();
  const json = {};
  for (const field of form.querySelectorAll("input[name]")) {
    const { where } = field.dataset;
    if (field.type === "file") for (const file of field.files) parts.append(field.name, file);
    if (field.type === "file" || field.value === "") continue;
    if (where === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (where === "query") query.append(field.name, field.value);
    else if (where === "multipart/form-data") parts.append(field.name, field.value);
    else json[field.name] = value(field.value);
  }
  const options = { method: form.dataset.method, headers: {} };
  const token = document.getElementById("token").value;
  if (token) options.headers.Authorization = `Bearer ${token}`;
  if (form.querySelector("[data-where='multipart/form-data']")) options.body = parts;
  if (form.querySelector("[data-where='application/json']")) {
    options.body = JSON.stringify(json);
    options.headers["Content-Type"] = "application/json";
  }
  return [query.size ? `${path}?${query}` : path, options];
}

async function show(answer, output) {
  const type = answer.headers.get("Content-Type") ?? "";
  const head = document.createElement("p");
  head.textContent = `${answer.status} ${type}`;
  output.replaceChildren(head);
  if (type.startsWith("image/") || type.includes("zip")) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "";
    link.textContent = "Save the file";
    output.append(link);
    if (!type.startsWith("image/")) return;
    const image = document.createElement("img");
    image.src = link.href;
    image.alt = "The answer";
    output.append(image);
  } else {
    const text = document.createElement("pre");
    text.textContent = (await answer.text()).slice(0, LONGEST_TEXT);
    output.append(text);
  }
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const output = form.querySelector("output");
    output.textContent = "…";
    try {
      await show(await fetch(...request(form)), output);
    } catch (error) {
      output.textContent = `The server does not answer (${error.message}).`;
    }
  });
}
