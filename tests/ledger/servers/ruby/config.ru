# SPDX-License-Identifier: Apache-2.0
# A Rack application that asks upstream, in the thread of the request.
require "net/http"

UPSTREAM = Integer(ENV.fetch("UPSTREAM"))

run lambda { |env|
  body = Net::HTTP.get("127.0.0.1", env["PATH_INFO"], UPSTREAM)
  [200, { "Content-Type" => "text/plain" }, [body]]
}
