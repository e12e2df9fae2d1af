--[[
A target storage "Photochrom" for darktable: exports the selected photos, colorizes the exported files, and imports the
results. The results are grouped with the originals, which stay as they are.

Install: copy this file into the folder `lua` of darktable's configuration (~/.config/darktable/lua/), and add
`require "photochrom"` to ~/.config/darktable/luarc. `photochrom` must be on the PATH that darktable has.
]]

local darktable = require "darktable"

local function quoted(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- A name beside the original that no file has, as Photochrom itself makes names.
local function free_name(image, suffix)
  local stem = image.path .. "/" .. image.filename:gsub("%.[^.]*$", "")
  local path, number = stem .. ".color" .. suffix, 1
  while exists(path) do
    number = number + 1
    path = stem .. " (" .. number .. ").color" .. suffix
  end
  return path
end

local function colorize(image, exported)
  local result = free_name(image, exported:match("%.[^.]*$") or "")
  local command = "photochrom colorize " .. quoted(exported) .. " --out " .. quoted(result)
  if darktable.control.execute(command) ~= 0 or not exists(result) then
    darktable.print_error(image.filename .. " could not be colorized")
    darktable.print(image.filename .. " could not be colorized; in a terminal, darktable shows why")
    return nil
  end
  local colored = darktable.database.import(result)
  colored:group_with(image.group_leader)
  return colored
end

local function finish(_, exported_files)
  local count = 0
  for image, exported in pairs(exported_files) do
    if colorize(image, exported) then count = count + 1 end
    os.remove(exported)
  end
  darktable.print(count .. " photos colorized")
end

darktable.register_storage("photochrom", "Photochrom", nil, finish)

return { finish = finish }
