"""A DDI poll's answer from a bare Starlette route: no device is known, nothing is read. Runs in .venv-bench.

python starlette_route.py PORT
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

BASE = "http://127.0.0.1/DEFAULT/controller/v1"


async def poll(request: Request) -> JSONResponse:
    device = request.path_params["device"]
    link = {"href": f"{BASE}/{device}/deploymentBase/1?c=1"}
    return JSONResponse({"config": {"polling": {"sleep": "00:05:00"}}, "_links": {"deploymentBase": link}})


async def healthy(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


def main() -> None:
    routes = [Route("/healthz", healthy), Route("/{tenant}/controller/v1/{device}", poll)]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
