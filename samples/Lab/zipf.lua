-- Users by Zipf's law (exponent 1 over 100,000), asked for by 100 callers with credentials of their own.
local users, callers, draws = 100000, 100, 50000
local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for k = 0, 3 do
      local d = math.floor(n / 64 ^ (3 - k)) % 64
      out[#out + 1] = (k == 2 and not b or k == 3 and not c) and "=" or digits:sub(d + 1, d + 1)
    end
  end
  return table.concat(out)
end

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("seed", threads)
end

local requests, at = {}, 0
function init(args)
  math.randomseed(seed)
  local sums, sum, headers = {}, 0, {}
  for rank = 1, users do
    sum = sum + 1 / rank
    sums[rank] = sum
  end
  for caller = 1, callers do
    headers[caller] = { Authorization = "Basic " .. base64("user-" .. caller .. ":password-" .. caller) }
  end
  for i = 1, draws do
    local wanted, low, high = math.random() * sum, 1, users
    while low < high do
      local middle = math.floor((low + high) / 2)
      if sums[middle] < wanted then low = middle + 1 else high = middle end
    end
    -- Neighbours in rank are no neighbours in the table: 7919 is a prime.
    requests[i] = wrk.format("GET", "/users/user?id=" .. (low * 7919 % users + 1), headers[math.random(callers)])
  end
end

function request()
  at = at % draws + 1
  return requests[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("result %d %.2f %.0f %.0f %.0f %.0f %d\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max, e.connect + e.read + e.write + e.status + e.timeout))
end
