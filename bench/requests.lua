-- For wrk: sends each line of a file as the query of one GET, and stops when the file is used up.
-- Arguments: the file. Prints what happened as one line of JSON.

function init(arguments)
  next_line = io.lines(arguments[1])
  head = "GET /?"
  tail = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\n\r\n"
  last = ""
end

function request()
  local line = next_line and next_line()
  if line then
    last = head .. line .. tail
  else
    next_line = nil
    wrk.thread:stop()
  end
  return last
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "refused": %d, "failed": %d}\n',
    summary.requests, summary.duration, errors.status, failed
  ))
end
