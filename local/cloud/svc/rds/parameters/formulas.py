"""Formulas in parameter values, such as {DBInstanceClassMemory/32768} or LEAST({DBInstanceClassMemory/9531392},5000).

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ParamValuesRef.html
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

_FUNCTIONS: dict[str, Callable[..., float]] = {
    "GREATEST": max,
    "LEAST": min,
    "SUM": lambda *values: sum(values),
    "LOG": math.log2,
}
Variables = Mapping[str, float]
SMALLEST: Variables = {
    "AllocatedStorage": 20 << 30,
    "DBInstanceClassMemory": 1 << 30,
    "DBInstanceVCPU": 2,
    "EndPointPort": 5432,
    "TrueIfReplica": 0,
}
"""The variables of the smallest instance: a formula that is valid for it is valid."""


def evaluated(text: str, variables: Variables) -> str | None:
    """The whole number that the formula gives; None if it is malformed."""
    if len(text) > 500:
        return None
    expression = re.sub(r"\blog\b", "LOG", text.replace("{", "(").replace("}", ")"))
    try:
        return str(int(_value(ast.parse(expression, mode="eval").body, variables)))
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, TypeError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr, variables: Variables) -> float:
    """Raises ValueError for what is no part of a formula."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _operation(op, _value(left, variables), _value(right, variables))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name.upper() in _FUNCTIONS:
            return _FUNCTIONS[name.upper()](*(_value(argument, variables) for argument in arguments))
    raise ValueError(ast.dump(node))


def _operation(op: ast.operator, left: float, right: float) -> float:
    operations: dict[type[Any], Callable[[float, float], float]] = {
        ast.Add: lambda a, b: a + b,
        ast.Sub: lambda a, b: a - b,
        ast.Mult: lambda a, b: a * b,
        ast.Div: lambda a, b: a / b,
    }
    if type(op) not in operations:
        raise ValueError(ast.dump(op))
    return operations[type(op)](left, right)
