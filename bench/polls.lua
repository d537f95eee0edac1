-- For wrk: sends each line of a file ("PATH AUTHORIZATION") as a GET, round and round.
-- Arguments: the file. Prints what happened as one line of JSON; `offered` counts answers with a deploymentBase.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  requests, at, offered = {}, 0, 0
  for line in io.lines(arguments[1]) do
    local path, authorization = line:match("^(%S+) (.*)$")
    local head = "GET " .. path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\nAccept: application/json\r\n"
    requests[#requests + 1] = head .. "Authorization: " .. authorization .. "\r\n\r\n"
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function response(status, headers, body)
  if body:find("deploymentBase", 1, true) then
    offered = offered + 1
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  local offered = 0
  for _, thread in ipairs(threads) do
    offered = offered + thread:get("offered")
  end
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "refused": %d, "failed": %d, "offered": %d}\n',
    summary.requests, summary.duration, errors.status, failed, offered
  ))
end
