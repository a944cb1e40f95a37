"""In compiled code: pointers to arrays from where they lie, for functions that a `Native` calls."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.types import misc
from numba.extending import intrinsic


@intrinsic
def doubles(_context: Any, _place: Any) -> Any:
    """A pointer to doubles from where they lie."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.DoubleType().as_pointer())

    return misc.CPointer(types.float64)(types.int64), build


@intrinsic
def integers(_context: Any, _place: Any) -> Any:
    """A pointer to integers from where they lie."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())

    return misc.CPointer(types.int64)(types.int64), build


@intrinsic
def short_integers(_context: Any, _place: Any) -> Any:
    """A pointer to whole numbers of 32 bits from where they lie."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(32).as_pointer())

    return misc.CPointer(types.uint32)(types.int64), build
