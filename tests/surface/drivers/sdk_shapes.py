"""Tells what the vendors' packages know of each action: parameters of both, and the fields of Tea's response models.

Configuration: `{}`. Request: `{"action": …}`. Answer: `{"classic": {"Name": kind, …}, "tea": {…}, "response": {…}}`, a
map from path to kind as in `Data.List.TaskId: str`; null for what the package does not have. A list of plain values is
`Name: list`, the members of a list stand below its name. The classic package knows no kinds, and no response models.
"""

import importlib
import inspect
import re
from typing import Any, get_args, get_origin

from alibabacloud_iot20180120 import models
from json_lines import JsonObject, answer_each, read_configuration

_CLASSIC_NAME = re.compile(r"add_(?:query_param|body_params)\('(\w+)(?:\.' \+ str\(depth1 \+ 1\)(?: \+ '\.(\w+)')?)?")


def classic_parameters(action: str) -> dict[str, str] | None:
    """What the setters of the classic package's request class put into the query."""
    try:
        module = importlib.import_module(f"aliyunsdkiot.request.v20180120.{action}Request")
    except ModuleNotFoundError:
        return None
    found = _CLASSIC_NAME.findall(inspect.getsource(module))
    return {".".join(part for part in names if part): "" for names in found}


def wire_name(model: type, attribute: str) -> str:
    """How the model spells the attribute on the wire: the only key that appears when nothing else is set."""

    class Nothing:
        """Stands for a value of any kind."""

        def to_map(self) -> str:
            return "here"

        def __iter__(self) -> Any:
            return iter((self,))

    instance = model()
    setattr(instance, attribute, Nothing())
    empty = model().to_map()
    [name] = [name for name, value in instance.to_map().items() if name not in empty or value != empty[name]]
    return str(name)


def fields_of(model: type, path: str = "") -> JsonObject:
    """Path to kind of all fields below the model."""
    found: JsonObject = {}
    for attribute, parameter in inspect.signature(model).parameters.items():
        name, kind = path + wire_name(model, attribute), parameter.annotation
        is_list = get_origin(kind) is list
        item = get_args(kind)[0] if is_list else kind
        if hasattr(item, "from_map"):
            found |= fields_of(item, f"{name}.")
        else:
            found[name] = "list" if is_list else getattr(item, "__name__", str(item))
    return found


def shape(request: JsonObject) -> JsonObject:
    """One action."""
    action = request["action"]
    request_model = getattr(models, f"{action}Request", None)
    response_model = getattr(models, f"{action}ResponseBody", None)
    return {
        "classic": classic_parameters(action),
        "tea": request_model and fields_of(request_model),
        "response": response_model and fields_of(response_model),
    }


def main() -> None:
    """Answer until stdin ends."""
    read_configuration()
    answer_each(shape, lambda error: {"kind": type(error).__name__, "message": str(error)})


if __name__ == "__main__":
    main()
